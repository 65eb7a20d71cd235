type Attributes = Readonly<Record<string, string>>;

/** An element with text or children. Text is never read as markup: names of caches come from outside. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The element with that id. @throws Error when page.html has no such element of that type. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`page.html has no ${type.name} with the id ${id}`);
  return found;
}

/** Puts `text` where it differs, so that a screen reader is not told the same again. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A list of terms and values. */
export function fillFacts(list: HTMLElement, facts: readonly (readonly [string, string])[]): void {
  const rows = facts.map(([term, value]) => element('div', {}, element('dt', {}, term), element('dd', {}, value)));
  list.replaceChildren(...rows);
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

export function clockTime(epochMs: number): string {
  return new Date(epochMs).toLocaleTimeString([], CLOCK);
}
