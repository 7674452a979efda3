/** What the words `<source>`, `<target>` and `<image>` may be. */
export const PLACES_HELP = `
Images are named as everywhere, or are image layouts:
  debian:12                              docker.io/library/debian:12
  registry.example/team/app:1.0          a tag of a registry; @sha256:… in place of it names content
  localhost:5000/app                     the tag latest; on this machine any TLS, else plain HTTP
  http://registry.example/app            over plain HTTP; https:// requires a trusted certificate
  oci:image                              an OCI image layout in the directory image
  oci:image:1.0                          what is called 1.0 in it
  oci-archive:image.tar:1.0              the same in an archive
`;
