using MfpClip.Data.Masks;

namespace MfpClip.Data;

/// <summary>An image with its truth, decoded.</summary>
/// <param name="Sample">Where it came from.</param>
/// <param name="Image">Pixels, upright.</param>
/// <param name="Mask">
/// Of the image's size; all false on normal images; <see langword="null"/> where a defect's place is not known: there is no mask, or it is black or full.
/// </param>
public sealed record LoadedSample(AnomalySample Sample, RgbImage Image, AnomalyMask? Mask)
{
    /// <summary>What was noticed while the mask was read.</summary>
    public MaskNotices Notices { get; init; }
}

/// <summary>Decodes images and masks. Safe for concurrent callers.</summary>
/// <param name="decoder">The same decoder as the detector's, so that both see the same pixels.</param>
/// <param name="limits">What an image may cost.</param>
public sealed class SampleReader(IImageDecoder decoder, ImageLimits? limits = null)
{
    private readonly ImageLimits _limits = limits ?? new();

    /// <summary>
    /// Reads an image and its masks. A mask's pixel counts as defect if it is not black, as the field's readers have it, whatever the bits, the palette or
    /// alpha of the file; in lossy files from half brightness on. Several masks are joined. <see cref="LoadedSample.Notices"/> says what was special.
    /// </summary>
    /// <exception cref="DataSetException">A file cannot be read, or image and mask differ in size; names the file.</exception>
    public LoadedSample Load(AnomalySample sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        byte[] file = Bytes(sample.ImagePath);
        var image = Decoded(sample.ImagePath, () => decoder.Decode(file, sample.ImagePath, _limits));
        if (!sample.IsAnomalous)
        {
            return new(sample, image, AnomalyMask.Empty(image.Width, image.Height));
        }

        if (sample.MaskPaths.Count == 0)
        {
            return new(sample, image, null);
        }

        int orientation = ExifOrientation.Of(file);
        var (mask, notices) = Masks(sample, image, orientation);
        bool black = !mask.Values.Contains(true), full = !mask.Values.Contains(false);
        notices |= black ? MaskNotices.Black : full ? MaskNotices.Full : MaskNotices.None;
        if (orientation > 1 && !black && !full)
        {
            notices |= MaskNotices.Turned | (OrientationFit.FitsUnturned(image, mask, orientation) ? MaskNotices.FitsUnturned : MaskNotices.None);
        }

        return new(sample, image, black || full ? null : mask) { Notices = notices };
    }

    private (AnomalyMask Mask, MaskNotices Notices) Masks(AnomalySample sample, RgbImage image, int orientation)
    {
        var reader = new MaskReader(decoder, _limits);
        var (joined, notices) = (new bool[image.Width * image.Height], MaskNotices.None);
        foreach (string path in sample.MaskPaths)
        {
            byte[] file = Bytes(path);
            var (mask, noticed) = Decoded(path, () => reader.Read(file, path));
            if (mask.Width != image.Width || mask.Height != image.Height)
            {
                throw new DataSetException(DataSetFault.SizeMismatch, path, OtherSize(mask, sample.ImagePath, image, orientation));
            }

            notices |= noticed;
            for (int i = 0; i < joined.Length; i++)
            {
                joined[i] |= mask.Data[i];
            }
        }

        return (new(image.Width, image.Height, joined), notices);
    }

    private static string OtherSize(AnomalyMask mask, string imagePath, RgbImage image, int orientation)
    {
        string sizes = $"the mask is {mask.Width} x {mask.Height}, its image '{imagePath}' {image.Width} x {image.Height}.";
        return mask.Width != image.Height || mask.Height != image.Width ? $"{sizes} They must be of one size."
            : ExifOrientation.Swaps(orientation) ? $"{sizes} The image carries EXIF orientation {orientation} and is turned upright; the mask was drawn on the "
                + "unturned pixels. Turn the mask as the image is shown, or save the image without EXIF orientation as it is stored."
            : $"{sizes} Width and height are swapped: one of the two was turned, as programs do that apply or lose an EXIF orientation. Turn one of them.";
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataSetException(DataSetFault.UnreadableImage, path, $"it cannot be read ({e.Message}).", e);
        }
    }

    private static T Decoded<T>(string path, Func<T> decode)
    {
        try
        {
            return decode();
        }
        catch (Exception e) when (e is ImageDecodeException or InvalidDataException)
        {
            throw new DataSetException(DataSetFault.UnreadableImage, path, $"it cannot be decoded: {Reason(e)}", e);
        }
    }

    private static string Reason(Exception e) => e is InvalidDataException ? $"{e.Message.TrimEnd('.')}."
        : e.Message[(e.Message.LastIndexOf("': ", StringComparison.Ordinal) is var at and >= 0 ? at + 3 : 0)..];
}
