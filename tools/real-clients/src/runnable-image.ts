import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerTools } from '@purser/external-programs';

/** What the program of the image ends with. */
export const EXIT_STATUS = 42;

/** Instructions that end a process on Linux with status 42, by the architecture's name in Node.js. */
const MACHINES: Readonly<Record<string, { readonly elf: number; readonly code: string }>> = {
  arm64: { elf: 183, code: '400580d2a80b80d2010000d4' },
  x64: { elf: 62, code: 'b83c000000bf2a0000000f05' },
};

const LOAD_ADDRESS = 0x400000;
const HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;

/** The smallest program that can be told to have run. @throws Error on an architecture that it was not written for. */
function tinyProgram(): Buffer {
  const machine = MACHINES[process.arch];
  if (machine === undefined) throw new Error(`no program for ${process.arch}`);
  const code = Buffer.from(machine.code, 'hex');
  const start = HEADER_SIZE + PROGRAM_HEADER_SIZE;
  const size = BigInt(start + code.byteLength);
  const header = Buffer.alloc(start);
  // 64 bits, little endian, an executable.
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(machine.elf, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS + start), 24);
  header.writeBigUInt64LE(BigInt(HEADER_SIZE), 32);
  header.writeUInt16LE(HEADER_SIZE, 52);
  header.writeUInt16LE(PROGRAM_HEADER_SIZE, 54);
  header.writeUInt16LE(1, 56);
  // One segment: the whole file, to be read and executed.
  header.writeUInt32LE(1, HEADER_SIZE);
  header.writeUInt32LE(5, HEADER_SIZE + 4);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), HEADER_SIZE + 16);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), HEADER_SIZE + 24);
  header.writeBigUInt64LE(size, HEADER_SIZE + 32);
  header.writeBigUInt64LE(size, HEADER_SIZE + 40);
  header.writeBigUInt64LE(0x1000n, HEADER_SIZE + 48);
  return Buffer.concat([header, code]);
}

/**
 * Makes an image of two layers with buildah: a text, and a program `/program` that ends with status 42.
 *
 * @param layout Where to write the image layout.
 */
export async function buildRunnableImage(
  { buildah }: ContainerTools,
  { folder, layout }: { readonly folder: string; readonly layout: string },
): Promise<void> {
  const [text, program] = [join(folder, 'text'), join(folder, 'program')];
  await writeFile(text, 'some text\n');
  await writeFile(program, tinyProgram(), { mode: 0o755 });
  let image = 'scratch';
  for (const file of [text, program]) {
    const container = await buildah('from', image);
    await buildah('add', '--quiet', container, file, '/');
    await buildah('config', '--cmd', '["/program"]', container);
    image = `runnable-${file === text ? 'text' : 'program'}`;
    await buildah('commit', '--quiet', '--rm', '--format', 'docker', container, image);
  }
  await buildah('push', '--quiet', image, `oci:${layout}`);
}
