export { decode } from './decode.js';
export { encode, Sink } from './encode.js';
