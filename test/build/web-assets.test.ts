import assets from 'perwatt:web-assets'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { webAssets } from '../../systemd/packaging/web-assets.ts'

it('gives a test the pages that the build puts into the collector', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export { default } from 'perwatt:web-assets'" },
    bundle: true,
    write: false,
    format: 'esm',
    plugins: [webAssets()],
  })
  const built = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? '').toString('base64')}`
  )
  expect(Object.keys(assets)).toContain('/wall')
  expect(built.default).toEqual(assets)
})
