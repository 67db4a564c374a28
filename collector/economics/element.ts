/**
 * Reads elements of flat arrays. The index must be within bounds: TypeScript adds `undefined` to the type of every element, and only
 * these functions remove it. There is one for each array type, because V8 compiles an accessor for the array types that it has met:
 * one for all types doubled the CPU time of the figures of 100,000 devices, these cost nothing (test/bench/live-100k.ts).
 */
export const floatAt = (array: Float64Array, i: number): number => array[i] as number
export const intAt = (array: Int32Array, i: number): number => array[i] as number
export const byteAt = (array: Uint8Array, i: number): number => array[i] as number
export const numberAt = (array: readonly number[], i: number): number => array[i] as number
