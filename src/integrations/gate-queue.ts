/** The part of Piscina's task queue that decides on the order. */
export interface OrderingQueue {
  readonly size: number;
  push(task: object): void;
  shift(): object | null;
}

/** A task that waits; `queueOptions` is what Piscina's queues order by. */
export interface HeldTask {
  readonly queueOptions: object | null;
}

const QUEUE_OPTIONS = Symbol.for('Piscina.queueOptions');

/**
 * Tasks that wait at a gate, in the order in which the pool's own queue would have handed them out: first come, first served for
 * Piscina's own queues, and whatever a queue of the user's does otherwise. That queue is lent for a moment, while it is empty, and
 * given back empty.
 */
export class GateQueue<T extends HeldTask> {
  readonly #order: OrderingQueue | null;
  #tasks: T[] = [];
  #isOrdered = true;

  /** @param order a queue that does not simply keep the order; null: none. */
  constructor(order: OrderingQueue | null) {
    this.#order = order;
  }

  get size(): number {
    return this.#tasks.length;
  }

  push(task: T): void {
    this.#tasks.push(task);
    this.#isOrdered = this.#order === null;
  }

  /** Takes out the task whose turn it is. */
  shift(): T | undefined {
    if (!this.#isOrdered && this.#order !== null && this.#order.size === 0) this.#putInOrder(this.#order);
    return this.#tasks.shift();
  }

  /** @returns false when it does not wait any more. */
  remove(task: T): boolean {
    const index = this.#tasks.indexOf(task);
    if (index >= 0) this.#tasks.splice(index, 1);
    return index >= 0;
  }

  /** Takes out all, in order. */
  drain(): T[] {
    const tasks: T[] = [];
    for (let task = this.shift(); task !== undefined; task = this.shift()) tasks.push(task);
    return tasks;
  }

  #putInOrder(order: OrderingQueue): void {
    const held = new Map<object, T>();
    for (const task of this.#tasks) {
      const standIn = { [QUEUE_OPTIONS]: task.queueOptions };
      held.set(standIn, task);
      order.push(standIn);
    }
    const tasks: T[] = [];
    for (let standIn = order.shift(); standIn !== null && standIn !== undefined; standIn = order.shift()) {
      const task = held.get(standIn);
      if (task !== undefined) tasks.push(task);
    }
    this.#tasks = tasks;
    this.#isOrdered = true;
  }
}

/** What a task tells the pool's queue about itself. */
export function queueOptionsOf(task: unknown): object | null {
  if (typeof task !== 'object' || task === null) return null;
  const options: unknown = Reflect.get(task, QUEUE_OPTIONS);
  return typeof options === 'object' ? options : null;
}
