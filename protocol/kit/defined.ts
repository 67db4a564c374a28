type Known<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** The properties that have a value: unknown is absent, not undefined. */
export const known = <T extends object>(properties: T): Known<T> =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as Known<T>
