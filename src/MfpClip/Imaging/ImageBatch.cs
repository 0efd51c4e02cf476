using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MfpClip.Imaging;

/// <summary>
/// Images of one size on their way into several networks, each with a normalisation of its own. Every network's tensor is computed once, when
/// it is first asked for, and kept until the batch is disposed.
/// </summary>
/// <remarks>Safe for concurrent callers. The tensors stay the batch's own: read them, never dispose them.</remarks>
public sealed class ImageBatch : IDisposable
{
    private readonly IReadOnlyList<RgbImage>? _images;
    private readonly Tensor? _given;
    private readonly (float[] Mean, float[] Std)? _normalization; // of the given tensor; null: pixels in [0,1]
    private readonly ConcurrentDictionary<string, Lazy<Tensor>> _kept = new(StringComparer.Ordinal);
    private readonly Lazy<IReadOnlyList<string>> _contents;

    private ImageBatch(IReadOnlyList<RgbImage>? images, Tensor? given, (float[] Mean, float[] Std)? normalization, (int Count, int Height, int Width) size)
    {
        (_images, _given, _normalization, (Count, Height, Width)) = (images, given, normalization, size);
        _contents = new(Hash);
    }

    /// <summary>The images as they were decoded, for a pass that prepares them in another way too; <see langword="null"/>: nobody asked for them.</summary>
    internal IReadOnlyList<RgbImage>? Originals { get; init; }

    /// <summary>Number of images B.</summary>
    public int Count { get; }

    /// <summary>Rows H.</summary>
    public int Height { get; }

    /// <summary>Columns W.</summary>
    public int Width { get; }

    /// <summary>What each image holds, as text that is equal for equal images alone: for keeping what was computed of them.</summary>
    public IReadOnlyList<string> Contents => _contents.Value;

    /// <summary>A batch of decoded images; each network's input is read from a table of all 256 values.</summary>
    /// <param name="images">At least one, all of one size.</param>
    /// <exception cref="ArgumentException">There is none, or their sizes differ.</exception>
    public static ImageBatch FromImages(IReadOnlyList<RgbImage> images) => FromImages(images, null);

    internal static ImageBatch FromImages(IReadOnlyList<RgbImage> images, IReadOnlyList<RgbImage>? originals)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0 || images.Any(i => i.Width != images[0].Width || i.Height != images[0].Height))
        {
            throw new ArgumentException("Images of a batch have one size, and there is at least one.", nameof(images));
        }

        return new(images, null, null, (images.Count, images[0].Height, images[0].Width)) { Originals = originals };
    }

    /// <summary>A batch of pixels in a tensor.</summary>
    /// <param name="pixels">RGB in [0,1], <c>[B, 3, H, W]</c>; the batch takes a handle of its own.</param>
    /// <exception cref="ArgumentException">It has another shape.</exception>
    public static ImageBatch FromPixels(Tensor pixels) => new(null, Handle(pixels), null, Size(pixels));

    /// <summary>A batch that was normalised for one network already. Other networks' inputs are computed back from it, with its rounding.</summary>
    /// <param name="images"><c>[B, 3, H, W]</c>; the batch takes a handle of its own.</param>
    /// <param name="normalization">Mean and standard deviation of each colour in [0,1] that it was normalised with.</param>
    /// <exception cref="ArgumentException">It has another shape.</exception>
    public static ImageBatch FromNormalized(Tensor images, (float[] Mean, float[] Std) normalization) => new(null, Handle(images), normalization, Size(images));

    /// <summary>RGB in [0,1], float32 <c>[B, 3, H, W]</c>; a tensor that was given keeps its precision.</summary>
    /// <param name="device">Where it is wanted.</param>
    public Tensor Pixels(Device device) => On(device, "pixels", () =>
        _images is not null ? PixelTensor.Normalized(_images, [0, 0, 0], [1, 1, 1])
        : _normalization is { } given ? (_given! * Channels(given.Std)) + Channels(given.Mean)
        : _given!.alias());

    /// <summary>As a network takes it, <c>(pixel - mean) / std</c>, float32 <c>[B, 3, H, W]</c>; a tensor that was given keeps its precision.</summary>
    /// <param name="normalization">Mean and standard deviation of each colour in [0,1].</param>
    /// <param name="device">Where it is wanted.</param>
    public Tensor Normalized((float[] Mean, float[] Std) normalization, Device device) => On(device, Name(normalization), () =>
        _images is not null ? PixelTensor.Normalized(_images, normalization.Mean, normalization.Std)
        : _normalization is { } given && Name(given) == Name(normalization) ? _given!.alias()
        : (Pixels(_given!.device) - Channels(normalization.Mean)) / Channels(normalization.Std));

    /// <summary>Some of the images as a batch of their own.</summary>
    /// <param name="rows">Indices from 0.</param>
    public ImageBatch Take(IReadOnlyList<long> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (_images is not null)
        {
            return FromImages([.. rows.Select(r => _images[(int)r])], Originals is { } all ? [.. rows.Select(r => all[(int)r])] : null);
        }

        using var scope = torch.NewDisposeScope();
        var taken = _given!.index_select(0, torch.tensor(rows.ToArray(), dtype: ScalarType.Int64, device: _given.device));
        return new(null, Handle(taken), _normalization, Size(taken));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _kept.Values.Where(k => k.IsValueCreated))
        {
            tensor.Value.Dispose();
        }

        _kept.Clear();
        _given?.Dispose();
    }

    private Tensor On(Device device, string what, Func<Tensor> make)
    {
        ArgumentNullException.ThrowIfNull(device);
        var here = Keep(what, make);
        bool same = here.device_type == device.type && (device.index < 0 || here.device_index == device.index);
        // From pinned memory the copy runs beside what is queued already.
        return same ? here : Keep($"{what} on {device}", () =>
            here.device_type == DeviceType.CPU && device.type == DeviceType.CUDA ? here.pin_memory().to(device, non_blocking: true) : here.to(device));
    }

    private Tensor Keep(string key, Func<Tensor> make) => _kept.GetOrAdd(key, _ => new(() =>
    {
        using var scope = torch.NewDisposeScope();
        return make().DetachFromDisposeScope();
    })).Value;

    private Tensor Channels(float[] values) => torch.tensor(values, dtype: ScalarType.Float32, device: _given!.device).to_type(_given.dtype).view(1, 3, 1, 1);

    private IReadOnlyList<string> Hash() => [.. Enumerable.Range(0, Count).Select(i =>
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (_images is not null)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"rgb {Width} x {Height}|"));
            hash.AppendData(_images[i].Pixels);
        }
        else
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            hash.AppendData(Encoding.UTF8.GetBytes($"{_given!.dtype} {Width} x {Height} {(_normalization is { } n ? Name(n) : "pixels")}|"));
            hash.AppendData(_given[i].cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    })];

    private static string Name((float[] Mean, float[] Std) normalization) =>
        string.Join(' ', normalization.Mean.Concat(normalization.Std).Select(v => v.ToString("R", CultureInfo.InvariantCulture)));

    private static Tensor Handle(Tensor given) => given.alias().DetachFromDisposeScope();

    private static (int Count, int Height, int Width) Size(Tensor images)
    {
        if (images.dim() != 4 || images.shape[1] != 3 || images.numel() == 0)
        {
            throw new ArgumentException($"Images are [{string.Join(", ", images.shape)}]; a batch is [B, 3, H, W].", nameof(images));
        }

        return ((int)images.shape[0], (int)images.shape[2], (int)images.shape[3]);
    }
}
