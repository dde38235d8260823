using System;
using System.Linq;
using System.Security.Cryptography;

namespace Aurora.Images.Oci;

/// <summary>What an image calls a blob: the algorithm and the hash of its bytes, as in <c>sha256:9f86…</c>.</summary>
internal readonly record struct OciDigest(string Algorithm, string Hex)
{
    private const int Sha256Digits = 64;
    private const int Sha512Digits = 128;

    /// <summary>Reads a digest; throws when it is none that is known. What it returns can be part of a path.</summary>
    public static OciDigest Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        var digest = new OciDigest(text[..Math.Max(colon, 0)], text[(colon + 1)..]);
        int digits = digest.Algorithm switch { "sha256" => Sha256Digits, "sha512" => Sha512Digits, _ => 0 };
        bool isDigest = digits > 0 && digest.Hex.Length == digits && digest.Hex.All(char.IsAsciiHexDigitLower);
        return isDigest ? digest : throw new ImageException($"'{text}' is not a digest that is known (sha256 or sha512)");
    }

    /// <summary>Where an image layout keeps the blob.</summary>
    public string Place => $"blobs/{Algorithm}/{Hex}";

    /// <summary>Starts hashing as this digest wants it.</summary>
    public IncrementalHash Begin()
        => IncrementalHash.CreateHash(Algorithm == "sha256" ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512);

    /// <summary>Throws, with the digest and the place, when the bytes that were hashed are not those.</summary>
    public void Check(IncrementalHash hash, string place)
    {
        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (found != Hex)
            throw new ImageException($"{place}: its digest is {Algorithm}:{found}, not {this} as the image says");
    }

    public override string ToString() => $"{Algorithm}:{Hex}";
}
