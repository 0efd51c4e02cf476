using System.Globalization;
using MfpClip.Imaging;
using SkiaSharp;

namespace MfpClip.Output.Zoom;

/// <summary>Writes the tiles of a photo and of its map as <c>layer/level/row_column.jpg</c>.</summary>
/// <param name="folder">The folder of one picture.</param>
internal sealed class ZoomTiles(string folder)
{
    /// <summary>Side of a tile in pixels; even.</summary>
    public const int Side = 512;

    /// <summary>Longer side of the finest level of the map at most; its contours are drawn as lines, at the image's own size.</summary>
    private const int MapSide = 4096;

    private static readonly SKJpegEncoderOptions PhotoJpeg = new(85, SKJpegEncoderDownsample.Downsample420, SKJpegEncoderAlphaOption.Ignore);
    private static readonly SKJpegEncoderOptions MapJpeg = new(85, SKJpegEncoderDownsample.Downsample444, SKJpegEncoderAlphaOption.Ignore);

    /// <summary>Writes the layer <c>photo</c>.</summary>
    /// <exception cref="ImageDecodeException">The file is damaged.</exception>
    public ZoomLayer Photo(IImageRowReader rows, CancellationToken cancellationToken)
    {
        var pyramid = Start("photo", rows.Width, rows.Height, 3, PhotoJpeg, t => t.Pixels, cancellationToken);
        rows.ReadAll((_, row) => pyramid.Add(row), cancellationToken);
        return new("photo", pyramid.Levels, rows.Width, rows.Height);
    }

    /// <summary>Writes the layer <c>map</c> in colours. The highest value of several stands for them.</summary>
    public ZoomLayer Map(AnomalyResult result, MapImageOptions options, CancellationToken cancellationToken)
    {
        var map = result.ImageMap ?? result.ModelMap;
        double block = Math.Max(1, (double)Math.Max(map.Width, map.Height) / MapSide);
        map = MapResize.HighestOfBlocks(map, Math.Max((int)(map.Width / block), 1), Math.Max((int)(map.Height / block), 1));
        byte[] table = ColorMaps.Table(options.ColorMap), row = new byte[map.Width];
        var pyramid = Start("map", map.Width, map.Height, 1, MapJpeg, t => Colored(t.Pixels, table), cancellationToken);
        float low = options.Minimum, span = (options.Maximum ?? map.Data.Max()) - low;
        for (int y = 0; y < map.Height; y++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int x = 0; x < map.Width; x++)
            {
                row[x] = ColorMaps.Index(map.Data[(y * map.Width) + x], low, span);
            }

            pyramid.Add(row);
        }

        return new("map", pyramid.Levels, result.ImageWidth, result.ImageHeight);
    }

    private ImagePyramid Start(
        string layer, int width, int height, int channels, SKJpegEncoderOptions jpeg, Func<PyramidTile, byte[]> pixels, CancellationToken cancellationToken)
    {
        var pyramid = new ImagePyramid(width, height, channels, Side, highest: channels == 1, tile =>
        {
            var image = new RgbImage(tile.Width, tile.Height, pixels(tile));
            string name = string.Create(CultureInfo.InvariantCulture, $"{tile.Row}_{tile.Column}.jpg");
            File.WriteAllBytes(Path.Combine(LevelFolder(layer, tile.Level), name), MapImages.Encode(image, p => p.Encode(jpeg), "JPEG"));
        }, cancellationToken);
        for (int level = 0; level < pyramid.Levels.Count; level++)
        {
            Directory.CreateDirectory(LevelFolder(layer, level));
        }

        return pyramid;
    }

    private string LevelFolder(string layer, int level) => Path.Combine(folder, layer, level.ToString(CultureInfo.InvariantCulture));

    private static byte[] Colored(byte[] indices, byte[] table)
    {
        byte[] pixels = new byte[indices.Length * 3];
        for (int i = 0; i < indices.Length; i++)
        {
            table.AsSpan(indices[i] * 3, 3).CopyTo(pixels.AsSpan(i * 3));
        }

        return pixels;
    }
}

/// <summary>A layer of a zoomable picture.</summary>
/// <param name="Name">Its folder.</param>
/// <param name="Levels">Width and height of each level.</param>
/// <param name="Width">Pixels of the image that the first level is stretched over.</param>
/// <param name="Height">Likewise.</param>
internal sealed record ZoomLayer(string Name, IReadOnlyList<(int Width, int Height)> Levels, int Width, int Height);
