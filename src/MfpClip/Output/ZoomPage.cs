using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Output.Zoom;

namespace MfpClip.Output;

/// <summary>
/// A folder with a page that zooms into one large picture: the photo, its anomaly map and the outlines of its regions. The browser loads the parts that
/// it shows, from the folder alone, which can be moved and given away. Memory is bounded by the picture's width, not by its size.
/// </summary>
/// <example>
/// <code>
/// string page = ZoomPage.Write("results/zoom/panel", result, ImageInput.FromFile("panel.png"), detector.Input);
/// </code>
/// </example>
public static class ZoomPage
{
    /// <summary>The page's name in its folder.</summary>
    public const string FileName = "index.html";

    /// <summary>Writes the folder. It appears under its name when it is complete; one that was written before is replaced.</summary>
    /// <param name="folder">The folder to be made.</param>
    /// <param name="result">What the detector said of the image; its map at the size of the image may be absent.</param>
    /// <param name="image">The image: a file that the decoder gives by rows is read so.</param>
    /// <param name="input">How the detector decodes.</param>
    /// <param name="options">Colours of the map.</param>
    /// <param name="limits">What an image may cost that is read by rows; <see langword="null"/>: the defaults.</param>
    /// <param name="cancellationToken">Stops between rows; nothing is left of the folder then.</param>
    /// <returns>The path of the page.</returns>
    /// <exception cref="ArgumentException">The image is not of the result's size.</exception>
    /// <exception cref="ImageDecodeException">The image cannot be read, or costs more than it may.</exception>
    /// <exception cref="OutputException">It cannot be written, or a folder with other files has its name.</exception>
    public static string Write(
        string folder, AnomalyResult result, ImageInput image, InputSettings input, MapImageOptions? options = null, RowLimits? limits = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(input);
        options ??= new();
        using var rows = ImageReader.OpenRows(image, input.Decoder, limits ?? new()) ?? new DecodedRows(input.Decode(image));
        if ((rows.Width, rows.Height) != (result.ImageWidth, result.ImageHeight))
        {
            throw new ArgumentException(
                $"The image has {rows.Width} x {rows.Height} pixels, that of the result {result.ImageWidth} x {result.ImageHeight}.", nameof(image));
        }

        if ((long)rows.Width * 3 * ZoomTiles.Side > Array.MaxLength)
        {
            throw new OutputException(folder, $"a picture of {rows.Width} pixels a row is too wide for a page that zooms.");
        }

        string temporary = AtomicFile.TemporaryOf(Path.GetFullPath(folder));
        try
        {
            if (Directory.Exists(folder) && !OwnOutputs.IsFolder(folder))
            {
                throw new OutputException(folder, "a folder of this name is there and was not written by this library; remove it or choose another name.");
            }

            OwnOutputs.Mark(temporary);
            var tiles = new ZoomTiles(temporary);
            ZoomLayer[] layers = [tiles.Photo(rows, cancellationToken), tiles.Map(result, options, cancellationToken)];
            AtomicFile.Write(Path.Combine(temporary, FileName), stream => ZoomHtml.Write(stream, result, layers, options));
            Replace(folder, temporary);
            return Path.Combine(folder, FileName);
        }
        catch (Exception e)
        {
            Remove(temporary);
            if (Typed(e is AggregateException several ? several.Flatten().InnerExceptions[0] : e, folder) is { } typed) // of threads that write tiles
            {
                throw typed;
            }

            throw;
        }
    }

    private static OutputException? Typed(Exception e, string folder) => e as OutputException ?? (DiskFault.Is(e) || e is NotSupportedException
        ? new(folder, $"the page that zooms cannot be written ({e.Message}).", e) : null);

    // Between the two moves nothing is left without a name: where the second one fails, the old folder comes back.
    private static void Replace(string folder, string complete)
    {
        if (!Directory.Exists(folder))
        {
            Directory.Move(complete, folder);
            return;
        }

        string old = AtomicFile.TemporaryOf(Path.GetFullPath(folder));
        Directory.Move(folder, old);
        try
        {
            Directory.Move(complete, folder);
        }
        catch
        {
            Directory.Move(old, folder);
            throw;
        }

        Remove(old);
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is marked as output; nothing depends on it.
        }
    }
}
