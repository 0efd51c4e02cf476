using System.Text;
using System.Text.Json;

namespace MfpClip.Data.Readers;

/// <summary>Lists as programs write them: UTF-8 or UTF-16, with or without a byte order mark.</summary>
internal static class TextFile
{
    /// <exception cref="DataSetException">It is neither UTF-8 nor UTF-16.</exception>
    public static string Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            using var reader = new StreamReader(new MemoryStream(bytes), WithoutMark(bytes), detectEncodingFromByteOrderMarks: true);
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException e)
        {
            throw new DataSetException(DataSetFault.Malformed, path, "it is text neither in UTF-8 nor in UTF-16; save it as UTF-8.", e);
        }
    }

    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="DataSetException">It is neither UTF-8 nor UTF-16.</exception>
    public static JsonDocument ReadJson(string path) => JsonDocument.Parse(Read(path));

    // A list begins with an ASCII character: in UTF-16 one of its first two bytes is zero.
    private static Encoding WithoutMark(byte[] bytes) => bytes switch
    {
        [not 0, 0, ..] => new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true),
        [0, not 0, ..] => new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true),
        _ => new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true),
    };
}
