declare const __PERWATT_VERSION__: string | undefined

/** perwatt's version. The build puts it in; a run from source has none. */
export const VERSION: string = typeof __PERWATT_VERSION__ === 'string' ? __PERWATT_VERSION__ : '0.0.0-source'
