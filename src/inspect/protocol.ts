/** What a reader asks for; the number changes when an old reader could not understand the answer. */
export const STREAM_PATH = '/v1/stream';
