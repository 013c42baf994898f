// Generated from the files of this package by `npm run generate`. Do not edit.

/** Changes with every change of this package: snapshots of another one are not used. */
export const domainHash = '9ccba7009b4257e8'
