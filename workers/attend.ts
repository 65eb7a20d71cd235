/** A task for an idle thread of a pool: its event loop may not turn between two tasks, so it sees to the page inside this one. */
export { attendHere as default } from '../src/runtime/attachments.js';
