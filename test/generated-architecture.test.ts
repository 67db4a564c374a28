import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { roomList, roomPicture } from './build/room-picture.ts'
import { ROOMS } from './build/rooms.ts'

/** ARCHITECTURE.md's picture and list of rooms, made from the table that rooms.test.ts holds the imports against. */
const FILE = join(import.meta.dirname, '../ARCHITECTURE.md')

const PARTS = {
  'rooms-of-the-agent': roomPicture(ROOMS, 'agent'),
  'rooms-of-the-collector': roomPicture(ROOMS, 'collector'),
  rooms: roomList(ROOMS),
}

it.each(Object.entries(PARTS))(
  'ARCHITECTURE.md has the %s as the table says (npm run generate)',
  (name, made) => {
    const text = readFileSync(FILE, 'utf8')
    const marked = new RegExp(`<!-- ${name} -->[\\s\\S]*<!-- /${name} -->`)
    expect(text).toMatch(marked)
    const updated = text.replace(marked, () => `<!-- ${name} -->\n\n${made}\n\n<!-- /${name} -->`)
    if (process.env['PERWATT_GENERATE'] === '1') writeFileSync(FILE, updated)
    else expect(text).toBe(updated)
  },
)
