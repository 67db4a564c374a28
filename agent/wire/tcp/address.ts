export interface Address {
  host: string
  port: number
}

/** `10.0.0.1:4028`, `[fe80::1]:4028` */
export const showAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
