using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Defects;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>Treats a square of a photo as a flat scene under even light, so that defects can be painted into it.</summary>
internal static class Paster
{
    // Defects of a larger photo are made in a square of this side: their size is relative to it.
    private const int Largest = 1024;

    // Deviation of the noise that a photo is taken to have, of 1.
    private const float Noise = 0.008f;

    public static PastedImage Paste(RgbImage good, SeededRandom random, SyntheticDefectOptions options)
    {
        int size = Math.Min(Math.Min(good.Width, good.Height), Largest);
        var cover = options.Product ?? ProductFinder.Find(good);
        var (left, top) = Window(good, cover, size, random);
        using var arena = new Arena(size);
        bool whole = Array.TrueForAll(cover, c => c);
        var scene = new Scene(arena, random.Fork(), isTexture: whole);
        scene.Base.Fill(whole ? Rgb.Grey(0.1f) : ProductFinder.Background(good, cover), 0, 0);
        var layers = Read(good, cover, arena, left, top, size);
        // Even light from one side: it shows heights, and leaves flat pixels as they are.
        var light = new Light(random.Next(), 0.6f, random.Between(0.25f, 0.55f), 1, 0, 3, 0, 0, 0, 0.01f);
        var before = light.Shade(arena, layers);
        var mask = new VisibleChange(arena, before, Noise);
        IReadOnlyList<DefectKind> kinds = options.Kinds ?? Enum.GetValues<DefectKind>();
        int count = 1;
        while (count < options.MaxDefects && random.Chance(0.35f))
        {
            count++;
        }

        var lit = before;
        var placed = new List<PlacedDefect>();
        float share = (float)size * size / ((float)good.Width * good.Height);
        for (int k = 0; k < count; k++)
        {
            (layers, lit, var found) = Renderer.Place(scene, layers, light, lit, mask, DefectCatalogue.Of(kinds[random.Below(kinds.Count)]), random.Fork());
            if (found is not null)
            {
                placed.Add(found with { Area = found.Area * share, X = found.X + left, Y = found.Y + top });
            }
        }

        var pixels = (byte[])good.Data.Clone();
        var where = new bool[good.Width * good.Height];
        if (placed.Count > 0)
        {
            Write(mask.Settle(lit), lit, pixels, where, good.Width, left, top, size);
        }

        var (_, caption) = Captions.Write(random.Fork(), new(options.ClassName, whole, false), [.. placed.Select(p => p.Kind)]);
        return new(new(good.Width, good.Height, pixels), where, placed, caption);
    }

    // A square with product in it.
    private static (int Left, int Top) Window(RgbImage good, bool[] cover, int size, SeededRandom random)
    {
        for (int tries = 0; ; tries++)
        {
            int left = random.Below(good.Width - size + 1), top = random.Below(good.Height - size + 1), inside = 0;
            const int Grid = 16;
            for (int k = 0; k < Grid * Grid; k++)
            {
                int x = left + (k % Grid * size / Grid), y = top + (k / Grid * size / Grid);
                inside += cover[(y * good.Width) + x] ? 1 : 0;
            }

            if (inside > Grid * Grid / 8 || tries == 20)
            {
                return (left, top);
            }
        }
    }

    private static Layers Read(RgbImage good, bool[] cover, Arena arena, int left, int top, int size)
    {
        var layers = new Layers(arena);
        for (int y = 0, i = 0; y < size; y++)
        {
            int at = ((top + y) * good.Width) + left;
            for (int x = 0; x < size; x++, i++, at++)
            {
                layers.R.Data[i] = good.Data[3 * at] / 255f;
                layers.G.Data[i] = good.Data[(3 * at) + 1] / 255f;
                layers.B.Data[i] = good.Data[(3 * at) + 2] / 255f;
                layers.Cover.Data[i] = cover[at] ? 1 : 0;
            }
        }

        return layers;
    }

    private static void Write(bool[] mask, Plane[] lit, byte[] pixels, bool[] where, int width, int left, int top, int size)
    {
        for (int y = 0, i = 0; y < size; y++)
        {
            int at = ((top + y) * width) + left;
            for (int x = 0; x < size; x++, i++, at++)
            {
                if (mask[i])
                {
                    where[at] = true;
                    for (int c = 0; c < 3; c++)
                    {
                        pixels[(3 * at) + c] = (byte)((Math.Clamp(lit[c].Data[i], 0f, 1f) * 255) + 0.5f);
                    }
                }
            }
        }
    }
}
