/** The little of pngjs that the tests use; the package comes without types. */
declare module 'pngjs' {
  export class PNG {
    constructor(size: { width: number; height: number });
    width: number;
    height: number;
    /** RGBA, 8 bits, rows from the top. */
    data: Buffer;
    static sync: {
      write(png: PNG, options?: { deflateLevel: number }): Buffer;
      read(bytes: Uint8Array): PNG;
    };
  }
}
