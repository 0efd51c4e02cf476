using System.Text.Json;

namespace MfpClip.Weights;

/// <summary>
/// The last line of defence of a reader: what its code runs into on a file whose parts contradict one another becomes the library's error, with the file's
/// name. Readers check what they can before; this is for what they did not think of.
/// </summary>
internal static class DamagedContent
{
    /// <summary>Reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">The reader.</param>
    /// <exception cref="WeightsException">The file is damaged.</exception>
    public static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (Is(e))
        {
            string what = e.Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new WeightsException(path, $"its parts do not fit each other ({what}). The file is damaged; get it again.", e);
        }
    }

    /// <summary>Whether code runs into this on wrong content; not what the caller or the machine did wrong.</summary>
    public static bool Is(Exception e) => e is NullReferenceException or IndexOutOfRangeException or ArgumentException or InvalidCastException
        or ArithmeticException or KeyNotFoundException or FormatException or JsonException or InvalidOperationException or NotSupportedException
        or System.Runtime.InteropServices.ExternalException && e is not ObjectDisposedException;
}
