import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Context } from 'hono'

/** The built pages by their path, as the server answers them. */
export type Assets = Record<string, Asset>

interface Asset {
  /** the content-type header */
  type: string
  body: string
}

/**
 * A handler for one asset, which is compressed once. Browsers revalidate it at each load and get 304 while it is unchanged, so an
 * upgrade of the collector reaches every wall.
 */
export function serveAsset({ type, body }: Asset) {
  const plain = Buffer.from(body)
  const gzip = gzipSync(plain, { level: 9 })
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 20)}"`
  const headers = { 'content-type': type, 'cache-control': 'no-cache', vary: 'accept-encoding', etag }
  return (c: Context) => {
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers)
    return /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
      ? c.body(gzip, 200, { ...headers, 'content-encoding': 'gzip' })
      : c.body(plain, 200, headers)
  }
}
