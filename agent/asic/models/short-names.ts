/** A maker's line: how its machines are named where the line's own word is left out. */
interface Line {
  name: string
  /** the line's word, with what sellers and firmware write behind it */
  word: RegExp
  /** the maker's own name, and what stands behind it where the word is left out */
  maker: RegExp
  /** names that no other maker has */
  alone: RegExp
}

const GAP = '[\\s_-]*'
const line = (name: string, word: string, maker: string, alone: string): Line => ({
  name,
  word: new RegExp(`^(?:(?:asic|miner|${maker})[\\s_-]+)*${word}(?:${GAP}${maker}\\b)?${GAP}`, 'i'),
  maker: new RegExp(`^${maker}[\\s_-]+`, 'i'),
  alone: new RegExp(`^(?=${alone})`, 'i'),
})

/**
 * Alone stand only names that no other maker has: an S11 is Innosilicon's too, an E9 Ebang's, a KA3 and a D9 hash something else elsewhere, an A2 is
 * Innosilicon's. Every other L hashes scrypt as well (Fluminer's L1 to L3). U and a number in front is the height of a rack's machine.
 */
const LINES: readonly Line[] = [
  line('Antminer', 'antminer', 'bitmain', '(?:u\\d)?[st](?:9|1[579]|2\\d)(?!\\d)|l\\d{1,2}\\b'),
  line('Whatsminer', 'whatsminer', 'microbt', 'm[2-9]\\ds?(?:\\+|\\b|_)'),
  line('Avalon', `avalon(?:${GAP}miner)?(?:${GAP}made\\b)?`, 'canaan', 'a\\d{3,4}(?:\\b|[a-z-])'),
  line('SealMiner', 'sealminer', 'bitdeer', 'sealminer'),
]

/**
 * A model's name with the word of its maker's line in front, as the tables have it: `Bitmain E9`, `L7 9500`, `ANTMINER_S19`, `MicroBT M60S`, `Avalon Made
 * A1346` are how price lists, labels and firmware write `Antminer E9`, `Antminer L7 9500`, `Antminer S19`, `Whatsminer M60S`, `Avalon A1346`.
 * @param model as a machine or a person names it @returns as it is where no line is known by it
 */
export function withLine(model: string): string {
  const text = model.trim()
  for (const form of ['word', 'maker', 'alone'] as const) {
    const found = LINES.find((each) => each[form].test(text))
    if (found) return `${found.name} ${text.replace(found[form], '')}`.trim()
  }
  return text
}
