/** The wall's pages by path ('/wall', '/assets/wall.js'), built by collector/screens/web-build.ts. */
declare module 'perwatt:web-assets' {
  const assets: Record<string, { type: string; body: string }>
  export default assets
}
