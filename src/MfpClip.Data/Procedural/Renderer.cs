using MfpClip.Data.Procedural.Camera;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Defects;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>
/// From a seed to an image: scene, then defects one after the other, light, mask (where the lit image visibly differs from the good one of the
/// same seed), camera. Each stage draws from a stream of its own, so the normal image of a seed is the same with and without defects.
/// </summary>
internal static class Renderer
{
    // Tries a defect has to become visible and of the right size; each is stronger than the one before.
    private const int Tries = 14;

    public static SyntheticImage Render(CatalogueEntry entry, long seed, IReadOnlyList<DefectKind> kinds, int size, bool camera,
        IReadOnlyList<DefectKind>? reserve = null, bool large = false)
    {
        using var arena = new Arena(size);
        var random = SeededRandom.For(entry.Category.Name, seed);
        SeededRandom forScene = random.Fork(), forLight = random.Fork(), forCamera = random.Fork(), forDefects = random.Fork(), forCaption = random.Fork();
        var scene = new Scene(arena, forScene, entry.Category.IsTexture);
        entry.Build(scene);
        var light = scene.Light ?? Light.Draw(forLight, entry.Category.IsTexture);
        var lens = Lens.Draw(forCamera);
        var layers = new Layers(arena);
        scene.PaintTo(layers);
        (light, var good) = Expose(arena, light, light.Shade(arena, layers), forLight);
        var mask = new VisibleChange(arena, good, camera ? lens.Noise : 0);
        var placed = new List<PlacedDefect>();
        var lit = good;
        // The reserve is called on as long as nothing could be made visible.
        for (int k = 0; k < kinds.Count || (placed.Count == 0 && k < kinds.Count + (reserve?.Count ?? 0)); k++)
        {
            var kind = k < kinds.Count ? kinds[k] : reserve![k - kinds.Count];
            (layers, lit, var found) = Place(scene, layers, light, lit, mask, DefectCatalogue.Of(kind), forDefects.Fork(), large);
            if (found is not null)
            {
                placed.Add(found);
            }
        }

        bool[] where = placed.Count == 0 ? new bool[size * size] : mask.Settle(lit);
        placed.RemoveAll(p => IsHidden(p, where, size));
        byte[] bytes = camera ? lens.Take(arena, lit) : Lens.Plain(lit);
        var (state, caption) = Captions.Write(forCaption, entry.Category, [.. placed.Select(p => p.Kind)]);
        return new(new(size, size, bytes), where, entry.Category, placed.Count > 0 ? placed[0].Kind : null, caption) { Defects = placed, State = state };
    }

    // A later defect may have taken the place of an earlier one with it.
    private static bool IsHidden(PlacedDefect defect, bool[] mask, int size)
    {
        int inside = 0;
        for (int y = defect.Y; y < defect.Y + defect.Height; y++)
        {
            for (int x = defect.X; x < defect.X + defect.Width; x++)
            {
                inside += mask[(y * size) + x] ? 1 : 0;
            }
        }

        return inside < 0.3f * defect.Area * size * size;
    }

    /// <summary>Whoever takes an image sets the exposure: its mean goes most of the way to a level of its own, as far as highlights allow.</summary>
    public static (Light Light, Plane[] Lit) Expose(Arena arena, Light light, Plane[] lit, SeededRandom random)
    {
        double sum = 0;
        int bright = 0;
        float[] green = lit[1].Data;
        foreach (float v in green)
        {
            sum += v;
        }

        float mean = (float)(sum / green.Length), target = random.Between(0.2f, 0.68f), way = random.Between(0.3f, 0.95f);
        float gain = Math.Clamp(Exact.Pow(target / Math.Max(mean, 0.01f), way), 0.55f, 3);
        foreach (float v in green)
        {
            bright += v * gain > 1.02f ? 1 : 0;
        }

        if (bright > green.Length / 12 && gain > 1)
        {
            gain = MathF.Sqrt(gain);
        }

        foreach (var plane in lit)
        {
            plane.Scale(gain);
        }

        return (light with { Level = light.Level * gain }, lit);
    }

    /// <summary>Paints one defect so that it can be seen; leaves things as they were where it cannot.</summary>
    public static (Layers Layers, Plane[] Lit, PlacedDefect? Found) Place(
        Scene scene, Layers before, Light light, Plane[] lit, VisibleChange mask, DefectEntry entry, SeededRandom random, bool large = false)
    {
        float skew = random.Next();
        float share = entry.Smallest * Exact.Pow(entry.Largest / entry.Smallest, Exact.Pow(skew, large ? 0.3f : 1.5f));
        float strength = Exact.Pow(random.Next(), 1.3f);
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            var trial = new Layers(scene.Arena);
            before.CopyTo(trial);
            entry.Apply(new(scene, trial, random.Fork(), Math.Min(share, 0.25f), Math.Min(1, strength)));
            var after = light.Shade(scene.Arena, trial);
            if (mask.Measure(lit, after, entry.Kind) is { } found)
            {
                return (trial, after, found);
            }

            strength = Math.Min(1, strength + 0.15f);
            // The first tries may have been too small to see, or too large (a part of the product).
            share *= attempt % 3 == 2 ? 0.7f : 1.35f;
        }

        return (before, lit, null);
    }
}
