import fc from 'fast-check'

/** Pieces of a reply are lost, doubled, or others stand in their place. */
const damage = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    remove: fc.nat(40),
    insert: fc.constantFrom(
      '',
      ',',
      '{',
      '}',
      '[',
      ']',
      '"',
      '\n',
      '-1',
      'nan',
      '1e999',
      '"x"',
      '|',
      '=',
      'ü',
    ),
  }),
  { minLength: 1, maxLength: 5 },
)

/** The reply is whole, but a value in it is of another kind or size. */
const exchange = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: fc.constantFrom<unknown>(
      null,
      -1,
      0,
      1e300,
      -1e300,
      '',
      'nan',
      '-',
      '9'.repeat(400),
      'x'.repeat(5000),
      true,
      {},
      [],
      [[], {}, null],
      { a: { b: [1] } },
    ),
  }),
  { minLength: 1, maxLength: 4 },
)

/** How a reply is broken: a text becomes another. */
export const mutation = fc.oneof(
  damage.map((edits) => (text: string) => damaged(text, edits)),
  exchange.map((edits) => (text: string) => exchanged(text, edits)),
)

function damaged(text: string, edits: readonly { at: number; remove: number; insert: string }[]): string {
  return edits.reduce((now, { at, remove, insert }) => {
    const from = Math.floor(at * now.length)
    return now.slice(0, from) + insert + now.slice(from + remove)
  }, text)
}

function exchanged(text: string, edits: readonly { at: number; value: unknown }[]): string {
  try {
    const body: unknown = JSON.parse(text)
    for (const { at, value } of edits) {
      const places = placesIn(body)
      const place = places[Math.floor(at * places.length)]
      if (place) place.within[place.name] = value
    }
    return JSON.stringify(body)
  } catch {
    return text.replace('}', '')
  }
}

interface Place {
  within: Record<string, unknown>
  name: string
}

const placesIn = (value: unknown): Place[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.keys(value).flatMap((name) => {
        const within = value as Record<string, unknown>
        return [{ within, name }, ...placesIn(within[name])]
      })
