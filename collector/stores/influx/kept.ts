import type { Store } from '../../plugin/store.ts'
import type { InfluxClient } from './client.ts'
import { literal } from './influxql.ts'
import { point, text } from './measurements.ts'
import { textPieces } from './text-pieces.ts'

/** Texts for the next start, in pieces. Each piece says how many there are, so that one that a stop cut short is left out. */
export const influxKept = (influx: () => InfluxClient): Pick<Store, 'keepText' | 'keptTexts'> => ({
  async keepText(kind, name, whole) {
    const pieces = textPieces(whole)
    // the point's time is the piece's number: the next text overwrites this one, and what is longer is deleted
    await influx().write(
      pieces.map((piece, i) => point('kept', i + 1, { kind, name }, { text: piece, pieces: pieces.length })),
    )
    await influx().remove([
      `DELETE FROM kept WHERE kind = ${literal(kind)} AND "name" = ${literal(name)} AND time > ${pieces.length}ms`,
    ])
  },
  async keptTexts(kind) {
    const found = new Map<string, { texts: string[]; pieces: Set<number> }>()
    for (const row of await influx().rows(`SELECT * FROM kept WHERE kind = ${literal(kind)}`)) {
      const name = text(row['name'])
      const own = found.get(name) ?? { texts: [], pieces: new Set<number>() }
      own.texts.push(text(row['text']))
      own.pieces.add(Number(row['pieces']))
      found.set(name, own)
    }
    return new Map(
      [...found].flatMap(([name, { texts, pieces }]): [string, string][] =>
        pieces.size === 1 && pieces.has(texts.length) ? [[name, texts.join('')]] : [],
      ),
    )
  },
})
