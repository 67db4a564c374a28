import { parseSync } from 'oxc-parser'

/**
 * Globals that are pure: what they give depends on what they get alone. Any other name that a file does not declare leads to a clock, to chance, the
 * machine or the network, and is refused, whatever it is called.
 */
const PURE_GLOBALS = new Set([
  ...[
    'Array',
    'BigInt',
    'Boolean',
    'Error',
    'Map',
    'Number',
    'Object',
    'Promise',
    'RangeError',
    'RegExp',
    'Set',
  ],
  ...[
    'String',
    'Symbol',
    'TypeError',
    'WeakMap',
    'WeakSet',
    'JSON',
    'Infinity',
    'NaN',
    'undefined',
    'arguments',
  ],
  ...['Float64Array', 'Int32Array', 'Uint32Array', 'Uint16Array', 'Uint8Array', 'structuredClone'],
])
/** Objects of which some members are pure. They are used in no other way: not given away, not taken apart. */
const PURE_MEMBERS: Readonly<Record<string, (member: string) => boolean>> = {
  Date: (member) => member === 'UTC',
  Math: (member) => member !== 'random',
  Temporal: (member) => member !== 'Now',
}
/** Members of any object that read the time zone or the language of the machine, or lead to `Function`. */
const LOCAL_MEMBERS =
  /^(?:[gs]et(?:FullYear|Year|Month|Date|Day|Hours|Minutes|Seconds|Milliseconds|TimezoneOffset)|toLocale\w*|localeCompare|to(?:Date|Time)String|constructor)$/
/** Where `Temporal` comes from. Another of its entries, or another name for it, would hide `Temporal.Now`. */
const TEMPORAL = 'temporal-polyfill'

interface Node {
  type?: string
  name?: string
  object?: Node
  property?: Node
  computed?: boolean
  value?: unknown
  callee?: Node
  arguments?: Node[]
  source?: { value: string }
  specifiers?: { imported?: Node; local: Node }[]
  id?: unknown
  params?: unknown
  param?: unknown
}

/** What in a file depends on more than its inputs, one entry an occurrence, such as `Date`, `Math.random` or `process`. */
export function impurities(file: string, text: string): string[] {
  const { program } = parseSync(file, text)
  const declared = declaredIn(program)
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(visit)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const { type, name, object, property, computed, callee } = node as Node
    // types are erased, but the name of an import is not
    if (type?.startsWith('TS') && !/^TS(As|Satisfies|NonNull|Enum|Parameter)/.test(type)) return
    if (type === 'ImportDeclaration') {
      found.push(...renamed(node as Node))
      return
    }
    if (type === 'ImportExpression' || type === 'MetaProperty') found.push(type)
    if (type === 'MemberExpression') {
      const member = computed ? property?.value : property?.name
      if (typeof member === 'string' && LOCAL_MEMBERS.test(member)) found.push(member)
      const isPure = object?.type === 'Identifier' && !computed && PURE_MEMBERS[object.name ?? '']
      if (isPure) {
        if (!isPure(String(member))) found.push(`${object.name}.${member}`)
        return
      }
      if (member === 'toISOString' && isMoment(object)) {
        visit(object?.arguments)
        return
      }
    }
    if (type === 'NewExpression' && callee?.name === 'Date') found.push('new Date()')
    const isFree = type === 'Identifier' && !declared.has(name ?? '') && !PURE_GLOBALS.has(name ?? '')
    if (isFree || (type === 'Identifier' && PURE_MEMBERS[name ?? ''])) found.push(String(name))
    for (const [key, child] of Object.entries(node)) {
      // a property's own name is no use of a global of that name
      if (
        !computed &&
        (key === 'property' || (key === 'key' && !(node as { shorthand?: boolean }).shorthand))
      )
        continue
      visit(child)
    }
  }
  visit(program)
  return found
}

/** `new Date(ms)` to write a moment in UTC. A text would be read in the time zone of the machine, and so are several numbers. */
const isMoment = (node: Node | undefined): boolean =>
  node?.type === 'NewExpression' &&
  node.callee?.name === 'Date' &&
  node.arguments?.length === 1 &&
  !['TemplateLiteral', 'SpreadElement'].includes(node.arguments[0]?.type ?? '') &&
  typeof node.arguments[0]?.value !== 'string'

function renamed({ source, specifiers = [] }: Node): string[] {
  if (!source?.value.startsWith(TEMPORAL)) return []
  const isPlain = specifiers.every(
    ({ imported, local }) => imported?.name === 'Temporal' && local.name === 'Temporal',
  )
  return isPlain && source.value === TEMPORAL ? [] : [source.value]
}

/** Every name that a file declares, anywhere. */
function declaredIn(program: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  const bind = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(bind)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const { type, name } = node as Node
    if (type === 'Identifier') names.add(String(name))
    // what is taken apart: `{ a: b = c, ...d }`, `[e]`
    const { properties, elements, argument, left, value, parameter } = node as Record<string, unknown>
    for (const inner of [properties, elements, argument, left, value, parameter]) bind(inner)
  }
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(visit)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const { type = '', id, params, param, specifiers } = node as Node
    if (type === 'VariableDeclarator' || /^(?:Function|Class)/.test(type)) bind(id)
    if (/Function/.test(type)) bind(params)
    if (type === 'CatchClause') bind(param)
    if (type === 'ImportDeclaration') for (const { local } of specifiers ?? []) names.add(String(local.name))
    for (const child of Object.values(node)) visit(child)
  }
  visit(program)
  // none of them is hidden by a declaration of the same name
  for (const name of Object.keys(PURE_MEMBERS)) names.delete(name)
  return names
}
