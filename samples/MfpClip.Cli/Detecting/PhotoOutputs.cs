using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Cli.Detecting;

/// <summary>
/// What a run writes for each photo: overlay, heat map, the map as numbers, the page that zooms. One that cannot be written ends none of the others.
/// </summary>
internal sealed class PhotoOutputs(ZeroShotDetector detector, DetectionOutputOptions options)
{
    /// <summary>Longer side of the outputs of photos that are read by rows, or have more than <see cref="DetectedImage.MostDrawn"/> pixels.</summary>
    private const int ReducedSide = 4096;

    /// <summary>Photos with a longer side than this get a page that zooms.</summary>
    private const int ZoomFrom = 2000;

    /// <summary>Writes the images of one photo; safe for several threads.</summary>
    /// <param name="image">The photo.</param>
    /// <param name="name">Name of its outputs.</param>
    /// <param name="cancellationToken">Leaves out the page that zooms, which can take as long as the photo is large.</param>
    public DetectedImage Write(DetectedImage image, string name, CancellationToken cancellationToken)
    {
        var result = image.Outcome!.Result!;
        var photo = image.Photo is { } whole && !image.IsReduced ? whole
            : detector.Input.DecodeReduced(image.Input, ReducedSide, detector.Tiling?.Rows, CancellationToken.None);
        string overlay = In($"{name}.overlay.png");
        var drawn = image with { Photo = photo, Overlay = MapImages.Overlay(result, photo, options.Pictures with { Outline = result.InspectedRegion }),
            Notices = Notices(photo, result) };
        Exception? failure = null;
        string heatMap = In($"{name}.heatmap.png");
        Try(() =>
        {
            MapFiles.WritePng(overlay, drawn.Overlay);
            drawn = drawn with { OverlayFile = overlay };
        });
        Try(() =>
        {
            MapFiles.WritePng(heatMap, MapImages.HeatMap(MapResize.ToSize(result, photo.Width, photo.Height), options.Pictures));
            drawn = drawn with { HeatMapFile = heatMap };
        });
        if (options.Raw)
        {
            var map = result.ImageMap ?? result.ModelMap;
            Try(() => MapFiles.WritePng16(In($"{name}.map16.png"), map));
            Try(() => MapFiles.WriteNpy(In($"{name}.map.npy"), map));
        }

        if (options.Zoom && Math.Max(result.ImageWidth, result.ImageHeight) > ZoomFrom && !cancellationToken.IsCancellationRequested)
        {
            string folder = Path.Combine(In("zoom"), name);
            Try(() => drawn = drawn with
            {
                ZoomFile = ZoomPage.Write(folder, result, image.Input, detector.Input, options.Pictures, detector.Tiling?.Rows, cancellationToken),
            });
        }

        return failure is null ? drawn : drawn.Failed(failure);

        void Try(Action action)
        {
            try
            {
                action();
            }
            catch (MfpClipException e)
            {
                failure ??= e; // the photo's other outputs are still made
            }
            catch (OperationCanceledException)
            {
                // The page that zooms is left out; what is there is reported.
            }
        }
    }

    private List<string> Notices(RgbImage photo, AnomalyResult result)
    {
        var notices = new List<string>();
        if (photo.Width < result.ImageWidth)
        {
            notices.Add($"Overlay and heat map are reduced to {photo.Width} x {photo.Height} pixels, because the image of {result.ImageWidth} x "
                + $"{result.ImageHeight} is large. Regions and contours are in the image's own pixels.");
        }

        if (options.Raw && result.ImageMap is null)
        {
            notices.Add($"--raw wrote the model's map of {result.ModelMap.Width} x {result.ModelMap.Height} values, not one of the image's "
                + $"{result.ImageWidth} x {result.ImageHeight} pixels.");
        }

        return notices;
    }

    private string In(string name) => Path.Combine(options.Folder, name);
}
