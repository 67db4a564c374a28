declare const __PERWATT_VERSION__: string | undefined

/** perwatt's version, put in by the build; run from source it has none. */
export const VERSION: string = typeof __PERWATT_VERSION__ === 'string' ? __PERWATT_VERSION__ : '0.0.0-source'
