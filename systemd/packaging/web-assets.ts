import type { Plugin } from 'esbuild'

/** The name under which the collector imports its built pages; see web-assets.d.ts. */
export const WEB_ASSETS = 'perwatt:web-assets'

/** Source of that module: the pages, built now. The import is here so that a build or test without pages costs nothing. */
export async function webAssetsModule(): Promise<string> {
  const { buildWeb } = await import('../../collector/screens/web-build.ts')
  return `export default ${JSON.stringify(await buildWeb())}`
}

/** Puts the built pages inside the program that imports them. */
export function webAssets(): Plugin {
  return {
    name: 'web-assets',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${WEB_ASSETS}$`) }, () => ({
        path: WEB_ASSETS,
        namespace: 'web-assets',
      }))
      build.onLoad({ filter: /.*/, namespace: 'web-assets' }, async () => ({
        contents: await webAssetsModule(),
        loader: 'js',
      }))
    },
  }
}
