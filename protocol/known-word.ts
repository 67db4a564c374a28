import { z } from 'zod'

/**
 * One of the words that this version knows; any other text is undefined, because a newer version may send a new word. Versions run
 * beside each other for months, so no new word may cost a whole message.
 */
export const knownWord = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.string().transform((text) => words.find((word): word is T[number] => word === text))
