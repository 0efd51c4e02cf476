using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using NATS.NKeys;

namespace MfpClip.Distributed.Tests;

/// <summary>
/// What an administrator makes with openssl and nsc: a certificate authority, a server's certificate, an operator with one account, and credentials of users
/// with the rights that are asked for.
/// </summary>
internal sealed class NatsSecurity : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-nsc-").FullName;
    private readonly KeyPair _operator = KeyPair.CreatePair(PrefixByte.Operator), _account = KeyPair.CreatePair(PrefixByte.Account);
    private readonly KeyPair _system = KeyPair.CreatePair(PrefixByte.Account);

    public NatsSecurity() => WriteCertificates();

    /// <summary>The certificate authority, PEM.</summary>
    public string Authority => Path.Combine(_folder, "ca.pem");

    public string ServerConfiguration
    {
        get
        {
            string operatorToken = Token(_operator, _operator.GetPublicKey(), "plant", new { type = "operator", version = 2 });
            string Account(KeyPair key, string name, int storage) => Token(_operator, key.GetPublicKey(), name, new
            {
                limits = new Dictionary<string, object>
                {
                    ["subs"] = -1, ["data"] = -1, ["payload"] = -1, ["imports"] = -1, ["exports"] = -1, ["wildcards"] = true, ["conn"] = -1, ["leaf"] = -1,
                    ["mem_storage"] = storage, ["disk_storage"] = storage, ["streams"] = storage, ["consumer"] = storage,
                },
                type = "account", version = 2,
            });
            return $$"""
                operator: {{operatorToken}}
                resolver: MEMORY
                system_account: {{_system.GetPublicKey()}}
                resolver_preload: {
                  {{_account.GetPublicKey()}}: {{Account(_account, "inspection", -1)}}
                  {{_system.GetPublicKey()}}: {{Account(_system, "SYS", 0)}}
                }
                tls { cert_file: "{{Path.Combine(_folder, "server.pem")}}", key_file: "{{Path.Combine(_folder, "server.key")}}" }
                """;
        }
    }

    /// <summary>A file of credentials; without <paramref name="publish"/> the user may do everything.</summary>
    public string Credentials(string name, string[]? publish = null, string[]? subscribe = null)
    {
        using var user = KeyPair.CreatePair(PrefixByte.User);
        string token = Token(_account, user.GetPublicKey(), name, new
        {
            pub = new { allow = publish }, sub = new { allow = subscribe }, subs = -1, data = -1, payload = -1, type = "user", version = 2,
        });
        string file = Path.Combine(_folder, $"{name}.creds");
        File.WriteAllText(file, $"""
            -----BEGIN NATS USER JWT-----
            {token}
            ------END NATS USER JWT------

            -----BEGIN USER NKEY SEED-----
            {user.GetSeed()}
            ------END USER NKEY SEED------

            """);
        return file;
    }

    public void Dispose()
    {
        _operator.Dispose();
        _account.Dispose();
        _system.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // https://docs.nats.io/running-a-nats-service/nats_admin/security/jwt: claims in JSON, signed with Ed25519.
    private static string Token(KeyPair issuer, string subject, string name, object claims)
    {
        string header = Encode("""{"typ":"JWT","alg":"ed25519-nkey"}"""u8.ToArray());
        string body = Encode(JsonSerializer.SerializeToUtf8Bytes(new
        {
            jti = Guid.NewGuid().ToString("N"), iat = DateTimeOffset.UtcNow.ToUnixTimeSeconds(), iss = issuer.GetPublicKey(), name, sub = subject,
            nats = claims,
        }, new JsonSerializerOptions { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull }));
        byte[] signature = new byte[64];
        issuer.Sign(Encoding.ASCII.GetBytes($"{header}.{body}"), signature);
        return $"{header}.{body}.{Encode(signature)}";

        static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    private void WriteCertificates()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        var request = new CertificateRequest("CN=plant authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        using var authority = request.CreateSelfSigned(from, to);
        var server = new CertificateRequest("CN=queue", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        using var certificate = server.Create(authority, from, to, [1, 2, 3, 4]);
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "server.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "server.key"), serverKey.ExportPkcs8PrivateKeyPem());
    }
}
