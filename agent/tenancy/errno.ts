/** The code of a system error, such as `ENOENT`; empty where the error has none. */
export const errnoCode = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''
