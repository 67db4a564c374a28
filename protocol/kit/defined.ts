type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** The same object without properties that are undefined: in perwatt unknown is absent. */
export function defined<T extends object>(properties: T): Defined<T> {
  const left: Record<string, unknown> = {}
  // a loop, since every reading of every device comes by here: no list of pairs is made
  for (const name of Object.keys(properties)) {
    const value = properties[name as keyof T]
    if (value !== undefined) left[name] = value
  }
  return left as Defined<T>
}
