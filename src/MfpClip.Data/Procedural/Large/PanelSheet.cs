using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Large;

/// <summary>
/// A picture of panels of one product, side by side with grooves between them, as on a tray. Every panel is the same product; some differ in the noise of
/// their surface, and the camera's noise is another in every pixel.
/// </summary>
internal sealed class PanelSheet
{
    // The Fourier transform of noise takes a power of two with some room.
    private const int LargestPanel = 1000;

    private const int Variants = 4;

    private readonly int _width, _height, _columns, _rows;
    private readonly Panel[] _panels;
    private readonly int[] _which;

    private PanelSheet(int width, int height, int columns, int rows, Panel[] panels, int[] which) =>
        (_width, _height, _columns, _rows, _panels, _which) = (width, height, columns, rows, panels, which);

    /// <param name="entry">The product.</param>
    /// <param name="look">Seed of what all panels share.</param>
    /// <param name="random">What this picture has of its own.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    public static PanelSheet Render(CatalogueEntry entry, ulong look, SeededRandom random, int width, int height)
    {
        int columns = (width + LargestPanel - 1) / LargestPanel, rows = (height + LargestPanel - 1) / LargestPanel;
        int side = Math.Max((width + columns - 1) / columns, (height + rows - 1) / rows);
        var panels = new Panel[Math.Min(Variants, columns * rows)];
        Light? light = null;
        for (int k = 0; k < panels.Length; k++)
        {
            panels[k] = Panel(entry, look, random.Fork(), side, ref light);
        }

        int[] which = [.. Enumerable.Range(0, columns * rows).Select(i => i < panels.Length ? i : random.Below(panels.Length))];
        return new(width, height, columns, rows, panels, which);
    }

    /// <summary>Whether all of a square is the product, grooves left out.</summary>
    public bool IsProduct(int x, int y, int reach)
    {
        for (int py = y - reach; py <= y + reach; py++)
        {
            for (int px = x - reach; px <= x + reach; px++)
            {
                if (px < 0 || py < 0 || px >= _width || py >= _height)
                {
                    return false;
                }

                var (panel, at, edge) = Find(px, py);
                if (edge < 12 || panel.Cover[at] < 0.5f)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>The picture as a camera takes it.</summary>
    /// <param name="look">What pictures of the product share: grooves, fall of light, noise level.</param>
    /// <param name="random">This picture's noise.</param>
    public byte[] Take(SeededRandom look, SeededRandom random)
    {
        float half = look.Between(2, 5), dark = look.Between(0.25f, 0.6f), noise = look.LogBetween(0.003f, 0.01f);
        float slope = look.Between(0, 0.25f), turn = look.Next(), vignette = look.Between(0, 0.25f);
        float lx = slope * Exact.Cos(turn), ly = slope * Exact.Sin(turn);
        var pixels = new byte[_width * _height * 3];
        for (int y = 0, to = 0; y < _height; y++)
        {
            var own = random.Fork();
            float v = ((y + 0.5f) / _height) - 0.5f;
            for (int x = 0; x < _width; x++, to += 3)
            {
                var (panel, at, edge) = Find(x, y);
                float u = ((x + 0.5f) / _width) - 0.5f;
                float light = (1 + (u * lx) + (v * ly)) * (1 - (vignette * ((u * u) + (v * v))));
                light *= 1 - ((1 - dark) * Math.Clamp((half - edge) + 0.5f, 0f, 1f));
                float n = noise * own.Normal();
                pixels[to] = Level((panel.R[at] * light) + n);
                pixels[to + 1] = Level((panel.G[at] * light) + n);
                pixels[to + 2] = Level((panel.B[at] * light) + n);
            }
        }

        return pixels;
    }

    private static byte Level(float v) => (byte)((Math.Clamp(v, 0f, 1f) * 255) + 0.5f);

    // The panel that shows a pixel, where in it, and how far the next groove is.
    private (Panel Panel, int At, float Edge) Find(int x, int y)
    {
        int column = (int)((long)x * _columns / _width), row = (int)((long)y * _rows / _height);
        int left = First(column, _width, _columns), right = First(column + 1, _width, _columns);
        int top = First(row, _height, _rows), bottom = First(row + 1, _height, _rows);
        float edge = float.PositiveInfinity;
        edge = column > 0 ? Math.Min(edge, x - left + 0.5f) : edge;
        edge = column < _columns - 1 ? Math.Min(edge, right - x - 0.5f) : edge;
        edge = row > 0 ? Math.Min(edge, y - top + 0.5f) : edge;
        edge = row < _rows - 1 ? Math.Min(edge, bottom - y - 0.5f) : edge;
        var panel = _panels[_which[(row * _columns) + column]];
        // Panels are square; of the shorter side the middle is shown.
        int dx = (panel.Side - (right - left)) / 2, dy = (panel.Side - (bottom - top)) / 2;
        return (panel, ((y - top + dy) * panel.Side) + x - left + dx, edge);
    }

    // The first pixel of a panel: the least one that Find counts to it.
    private static int First(int index, int length, int count) => (int)((((long)index * length) + count - 1) / count);

    private static Panel Panel(CatalogueEntry entry, ulong look, SeededRandom noise, int side, ref Light? light)
    {
        using var arena = new Arena(side);
        var random = new SeededRandom(look);
        SeededRandom forScene = random.Fork(), forLight = random.Fork();
        var scene = new Scene(arena, forScene, entry.Category.IsTexture, noise);
        entry.Build(scene);
        var layers = new Layers(arena);
        scene.PaintTo(layers);
        Plane[] lit;
        if (light is null)
        {
            // All panels have the exposure of the first one.
            light = scene.Light ?? Light.Draw(forLight, entry.Category.IsTexture);
            (light, lit) = Renderer.Expose(arena, light, light.Shade(arena, layers), forLight);
        }
        else
        {
            lit = light.Shade(arena, layers);
        }

        return new(side, [.. lit[0].Data], [.. lit[1].Data], [.. lit[2].Data], [.. layers.Cover.Data]);
    }
}

/// <summary>A lit square of the product, colours about 0 to 1, and where the product is.</summary>
internal sealed record Panel(int Side, float[] R, float[] G, float[] B, float[] Cover);
