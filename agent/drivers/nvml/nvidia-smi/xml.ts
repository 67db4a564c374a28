/** An XML element: its text, and its child elements by name, in document order. */
export interface Element {
  text: string
  children: Map<string, Element[]>
}

const TOKEN = /<!--[\s\S]*?-->|<[!?][^>]*>|<(\/?)([A-Za-z_][\w.-]*)[^>]*?(\/?)>|([^<]+)/g
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const MAX_DEPTH = 32

/**
 * Reads the XML of nvidia-smi, which has no namespaces and no CDATA; attributes are ignored. Malformed XML is read as far as
 * possible: an end tag without a start tag is skipped, and an end tag closes any elements left open inside its element.
 */
export function parseXml(text: string): Element {
  const root: Element = { text: '', children: new Map() }
  const open: { name: string; element: Element }[] = [{ name: '', element: root }]
  for (const [, end, tag, empty, words] of text.matchAll(TOKEN)) {
    const inside = open.at(-1)?.element ?? root
    if (words !== undefined)
      inside.text += words.trim().replace(/&(\w+);/g, (all, entity) => ENTITIES[entity] ?? all)
    if (tag === undefined) continue
    if (end) {
      const at = open.findLastIndex((o) => o.name === tag)
      if (at > 0) open.length = at
      continue
    }
    const element: Element = { text: '', children: new Map() }
    const siblings = inside.children.get(tag)
    if (siblings) siblings.push(element)
    else inside.children.set(tag, [element])
    if (!empty && open.length < MAX_DEPTH) open.push({ name: tag, element })
  }
  return root
}

/** All elements at a path such as `processes/process_info`. */
export function all(element: Element, path: string): Element[] {
  return path
    .split('/')
    .reduce<Element[]>((found, name) => found.flatMap((e) => e.children.get(name) ?? []), [element])
}

/** The text at the first of these paths that exists. */
export function textAt(element: Element, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const [found] = all(element, path)
    if (found) return found.text
  }
  return undefined
}
