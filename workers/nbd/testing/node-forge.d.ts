/** The little of node-forge that the tests' certificates need; the package carries no types. */
declare module 'node-forge' {
  namespace forge {
    namespace pki {
      namespace rsa {
        interface PrivateKey {
          readonly n: unknown;
        }
        function generateKeyPair(bits: number): { publicKey: unknown; privateKey: PrivateKey };
      }
      interface Certificate {
        publicKey: unknown;
        serialNumber: string;
        validity: { notBefore: Date; notAfter: Date };
        setSubject(attributes: { name: string; value: string }[]): void;
        setIssuer(attributes: { name: string; value: string }[]): void;
        setExtensions(extensions: object[]): void;
        sign(key: rsa.PrivateKey, digest: unknown): void;
      }
      function createCertificate(): Certificate;
      function certificateToAsn1(certificate: Certificate): unknown;
      function certificateToPem(certificate: Certificate): string;
      function privateKeyToPem(key: rsa.PrivateKey): string;
    }
    namespace asn1 {
      function toDer(value: unknown): { getBytes(): string };
    }
    namespace md {
      namespace sha256 {
        interface Digest {
          update(bytes: string): Digest;
          digest(): { toHex(): string };
        }
        function create(): Digest;
      }
    }
  }
  export default forge;
}
