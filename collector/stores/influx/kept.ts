import type { Store } from '../../plugin/store.ts'
import type { InfluxClient } from './client.ts'
import { literal } from './influxql.ts'
import { point, text } from './measurements.ts'
import { textPieces } from './text-pieces.ts'

/** Texts for the next start, in pieces at neighbouring times. The newest text of which every piece is there counts. */
export const influxKept = (
  influx: () => InfluxClient,
  nowMs: () => number,
): Pick<Store, 'keepText' | 'keptTexts'> => ({
  async keepText(kind, name, whole) {
    const which = `kind = ${literal(kind)} AND "name" = ${literal(name)}`
    const [newest] = await influx().rows(`SELECT pieces FROM kept WHERE ${which} ORDER BY time DESC LIMIT 1`)
    const pieces = textPieces(whole)
    // behind the one before it, though the clock was set back
    const fromMs = Math.max(nowMs(), (newest?.time ?? 0) + 1)
    await influx().write(
      pieces.map((piece, i) =>
        point('kept', fromMs + i, { kind, name }, { text: piece, pieces: pieces.length, fromMs }),
      ),
    )
    await influx().remove([`DELETE FROM kept WHERE ${which} AND time < ${fromMs}ms`])
  },
  async keptTexts(kind) {
    const found = new Map<string, string>()
    const parts = new Map<string, { name: string; count: number; texts: string[] }>()
    for (const row of await influx().rows(`SELECT * FROM kept WHERE kind = ${literal(kind)}`)) {
      const name = text(row['name'])
      // a text of an earlier perwatt has no begin: it stood at time 1
      const key = `${row['fromMs'] ?? 1}\n${name}`
      const part = parts.get(key) ?? { name, count: Number(row['pieces']), texts: [] }
      parts.set(key, part)
      part.texts.push(text(row['text']))
      // rows come in order of time: the last whole text is the newest
      if (part.texts.length === part.count) found.set(name, part.texts.join(''))
    }
    return found
  },
})
