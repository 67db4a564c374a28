/**
 * Elements of flat arrays as numbers. TypeScript adds `undefined` to every element, although loops that stay within the bounds never
 * read it; these functions are the only place that removes it. There is one for each array type, because V8 compiles an accessor for
 * the arrays that it has seen: a shared one doubled the time of a tick of 100,000 devices, these cost nothing (test/bench/live-100k).
 */
export const floatAt = (array: Float64Array, i: number): number => array[i] as number
export const intAt = (array: Int32Array, i: number): number => array[i] as number
export const byteAt = (array: Uint8Array, i: number): number => array[i] as number
export const numberAt = (array: readonly number[], i: number): number => array[i] as number
