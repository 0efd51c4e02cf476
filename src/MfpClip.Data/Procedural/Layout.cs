using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>Adds the parts of one product to a scene.</summary>
/// <param name="scene">Where to.</param>
/// <param name="frame">Where it lies; it fills a circle of radius 1 of the frame.</param>
/// <param name="style">What products of one scene have in common.</param>
/// <param name="own">What differs from product to product.</param>
internal delegate void PieceBuilder(Scene scene, Frame frame, SeededRandom style, SeededRandom own);

/// <summary>How products lie in the image: one, cropped or whole, a few, or many on a lattice with jitter.</summary>
internal static class Layout
{
    /// <param name="scene">Where to.</param>
    /// <param name="build">The product.</param>
    /// <param name="slim">Its width over its length, at most 1.</param>
    /// <param name="single">How likely it lies alone.</param>
    public static void Place(Scene scene, PieceBuilder build, float slim = 1, float single = 0.65f)
    {
        Backgrounds.Paint(scene);
        var r = scene.Random;
        ulong style = r.Bits();
        bool upright = r.Chance(0.5f);
        float turns = upright ? (r.Below(4) * 0.25f) + r.Between(-0.02f, 0.02f) : r.Next();
        float squeeze = r.Chance(0.3f) ? r.Between(0.85f, 1) : 1;
        if (r.Chance(single))
        {
            bool close = r.Chance(0.25f);
            float scale = close ? r.Between(0.47f, 0.8f) : r.Between(0.27f, 0.46f);
            float room = close ? 0.2f : 0.5f - Math.Min(scale, 0.48f);
            Piece(scene, build, style, new(0.5f + (room * 0.8f * r.Between(-1, 1)), 0.5f + (room * 0.8f * r.Between(-1, 1)), scale, turns, squeeze));
            return;
        }

        int across = r.Count(2, 4);
        float cell = 1f / across, along = Math.Max(slim * 1.15f, 0.3f);
        bool free = r.Chance(0.3f);
        float size = cell * r.Between(0.36f, 0.48f), jitter = r.Between(0, 0.12f), spin = r.Chance(0.3f) ? 1 : r.Between(0, 0.04f);
        along = free || spin == 1 ? 1 : Math.Min(1, along);
        // Slim products lie parallel: the lattice is turned with them.
        float lattice = spin == 1 ? 0 : turns;
        var whole = new Frame(0.5f + (cell * r.Between(-0.5f, 0.5f)), 0.5f + (cell * r.Between(-0.5f, 0.5f)), 1, lattice);
        int rows = (int)(across / along) + 3;
        for (int row = -rows; row <= rows; row++)
        {
            for (int column = -across - 1; column <= across + 1; column++)
            {
                var (x, y) = whole.ToImage((column + (jitter * r.Between(-1, 1))) * cell, (row + (jitter * r.Between(-1, 1))) * cell * along);
                float own = spin == 1 ? r.Next() : turns + (spin * r.Between(-1, 1));
                if (x > -size && x < 1 + size && y > -size && y < 1 + size)
                {
                    Piece(scene, build, style, new(x, y, size, own, squeeze));
                }
            }
        }
    }

    private static void Piece(Scene scene, PieceBuilder build, ulong style, Frame frame)
    {
        scene.Piece++;
        build(scene, frame, new(style), scene.Random.Fork());
    }
}
