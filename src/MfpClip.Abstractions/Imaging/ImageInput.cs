namespace MfpClip;

/// <summary>An image to inspect: a file, a stream, bytes or raw pixels. Immutable; the stream is read once and not closed.</summary>
public sealed class ImageInput
{
    private ImageInput(string name) => Name = name;

    /// <summary>How results and errors call this image.</summary>
    public string Name { get; }

    /// <summary>Path, when made by <see cref="FromFile"/>.</summary>
    public string? Path { get; private init; }

    /// <summary>Stream, when made by <see cref="FromStream"/>.</summary>
    public Stream? Stream { get; private init; }

    /// <summary>Encoded bytes, when made by <see cref="FromBytes"/>.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; private init; }

    /// <summary>Raw pixels, when made by <see cref="FromPixels"/>.</summary>
    public RgbImage? Pixels { get; private init; }

    /// <summary>An image file; it is opened when it is needed.</summary>
    public static ImageInput FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new ImageInput(path) { Path = path };
    }

    /// <summary>An encoded image in a readable stream, read from its current position.</summary>
    public static ImageInput FromStream(Stream stream, string name = "stream")
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new ImageInput(name) { Stream = stream };
    }

    /// <summary>An encoded image in memory.</summary>
    public static ImageInput FromBytes(ReadOnlyMemory<byte> bytes, string name = "bytes") => new(name) { Bytes = bytes };

    /// <summary>Decoded pixels.</summary>
    public static ImageInput FromPixels(RgbImage pixels, string name = "pixels")
    {
        ArgumentNullException.ThrowIfNull(pixels);
        return new ImageInput(name) { Pixels = pixels };
    }

    /// <summary>A path is an image file.</summary>
    public static implicit operator ImageInput(string path) => FromFile(path);

    /// <summary>Pixels are an image.</summary>
    public static implicit operator ImageInput(RgbImage pixels) => FromPixels(pixels);
}
