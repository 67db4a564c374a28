/** Each severity has a shape besides its colour: some people can’t tell red from amber. */
export const SEVERITY_SHAPES = { critical: '▲', warning: '◆', info: '●' } as const
