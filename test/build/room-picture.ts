import { markdownTable } from '../plugin-table.ts'
import type { Room } from './rooms.ts'

type Rooms = Readonly<Record<string, Room>>

const PROGRAMS = ['protocol', 'agent', 'collector'] as const

/**
 * The table of rooms as a Mermaid flowchart, a program each. An arrow that follows from two others is left out, and so are those
 * to protocol/, which every room may import.
 */
export function roomPicture(rooms: Rooms, program: 'agent' | 'collector'): string {
  const names = Object.keys(rooms).filter((name) => isOf(name, program))
  const arrows = names.flatMap((from) =>
    direct(from, rooms, program).map((to) => `  ${idOf(from)} --> ${idOf(to)}`),
  )
  const boxes = names.map((name) => `  ${idOf(name)}["${shortName(name, program)}"]`)
  return ['```mermaid', 'flowchart TD', ...boxes.reverse(), ...arrows.reverse(), '```'].join('\n')
}

/** The table of rooms as Markdown, from the roof down. */
export function roomList(rooms: Rooms): string {
  const rows = Object.entries(rooms)
    .reverse()
    .map(([name, { holds }]) => [`\`${name}/\``, holds])
  return markdownTable([['Room', 'What lives there'], ...rows]).join('\n')
}

const isOf = (name: string, program: (typeof PROGRAMS)[number]): boolean =>
  name === program || name.startsWith(`${program}/`)

/** The rooms that a room imports and that no other of its rooms imports for it. */
function direct(name: string, rooms: Rooms, program: 'agent' | 'collector'): string[] {
  const own = (rooms[name]?.imports ?? []).filter((other) => isOf(other, program))
  const throughOthers = new Set(own.flatMap((other) => [...reached(other, rooms)]))
  return own.filter((other) => !throughOthers.has(other))
}

function reached(name: string, rooms: Rooms): Set<string> {
  const imports = rooms[name]?.imports ?? []
  return new Set(imports.flatMap((other) => [other, ...reached(other, rooms)]))
}

const shortName = (name: string, program: string): string =>
  name === program ? 'main' : name.slice(program.length + 1)
const idOf = (name: string): string => name.replace(/[^a-z]/g, '_')
