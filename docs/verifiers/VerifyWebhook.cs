// Verifies a webhook with .NET (8 and newer) alone, which has no ed25519: by the secret (v1).
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

public static class VerifyWebhook
{
    private const long ToleranceSeconds = 300;

    /// <param name="body">The bytes as they came, before anything parsed them.</param>
    /// <param name="secrets">"whsec_…", several while one is being replaced.</param>
    public static bool IsGenuine(byte[] body, string id, string timestamp, string signature, IEnumerable<string> secrets)
    {
        if (!Regex.IsMatch(timestamp, @"\A[0-9]{1,12}\z")) return false;
        var age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(timestamp);
        if (Math.Abs(age) > ToleranceSeconds) return false;

        byte[] text = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var wanted = secrets
            .Select(secret => HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), text))
            .ToList();
        var given = new byte[HMACSHA256.HashSizeInBytes];
        return signature
            .Split(' ')
            .Where(each => each.StartsWith("v1,", StringComparison.Ordinal))
            .Any(each =>
                Convert.TryFromBase64String(each[3..], given, out var length)
                && length == given.Length
                && wanted.Any(hash => CryptographicOperations.FixedTimeEquals(hash, given)));
    }

    // dotnet run -- ID TIMESTAMP SIGNATURE SECRET… <body
    public static int Main(string[] args)
    {
        using var body = new MemoryStream();
        Console.OpenStandardInput().CopyTo(body);
        var genuine = args.Length > 3 && IsGenuine(body.ToArray(), args[0], args[1], args[2], args[3..]);
        Console.WriteLine(genuine ? "genuine" : "not genuine");
        return genuine ? 0 : 1;
    }
}
