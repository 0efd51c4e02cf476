using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural.Large;

/// <summary>From seeds to a large picture: panels of the product, put side by side, the camera, then the defects.</summary>
internal static class SmallDefectRenderer
{
    // Places that are tried for one defect.
    private const int Tries = 400;

    private static readonly DefectKind[] Kinds = [DefectKind.Scratch, DefectKind.Contamination, DefectKind.Hole, DefectKind.Stain];

    public static SmallDefectPicture Render(CatalogueEntry entry, long product, long picture, SmallDefectOptions options)
    {
        var look = SeededRandom.For("large " + entry.Category.Name, product);
        var own = new SeededRandom(look.Bits() ^ SeededRandom.For("picture", picture).Bits());
        SeededRandom forPanels = own.Fork(), forCamera = own.Fork(), forDefects = own.Fork();
        var sheet = PanelSheet.Render(entry, look.Bits(), forPanels, options.Width, options.Height);
        byte[] pixels = sheet.Take(new(look.Bits()), forCamera);
        var mask = new bool[options.Width * options.Height];
        var defects = Place(sheet, pixels, mask, forDefects, options);
        return new(new(options.Width, options.Height, pixels), new(options.Width, options.Height, mask), entry.Category, defects);
    }

    // The largest first, for they need the most room.
    private static List<SmallDefect> Place(PanelSheet sheet, byte[] pixels, bool[] mask, SeededRandom random, SmallDefectOptions options)
    {
        var placed = new List<SmallDefect>();
        int[] sizes = options.DefectsOfEachSize == 0 ? []
            : [.. options.Sizes.SelectMany(s => Enumerable.Repeat(s, options.DefectsOfEachSize)).OrderDescending()];
        // No region of a map should reach from one to the next.
        float apart = sizes.Length == 0 ? 0 : Math.Min(0.6f * MathF.Sqrt((float)options.Width * options.Height / sizes.Length), 480);
        foreach (int size in sizes)
        {
            var own = random.Fork();
            var kind = own.Pick<DefectKind>(Kinds);
            for (int k = 0; k < Tries; k++)
            {
                int x = size + own.Below(options.Width - (2 * size)), y = size + own.Below(options.Height - (2 * size));
                // Where there is little room they come closer, to half the distance.
                float least = apart * (1 - (0.5f * k / Tries)) + size;
                if (placed.Exists(p => Away(p, x, y) < least) || !sheet.IsProduct(x, y, (size / 2) + 2))
                {
                    continue;
                }

                kind = k % 20 == 19 ? own.Pick<DefectKind>(Kinds) : kind;
                if (SmallDefectPainter.Paint(pixels, mask, options.Width, kind, x, y, size, own.Fork()) is { } found)
                {
                    placed.Add(found);
                    break;
                }
            }
        }

        placed.Sort((a, b) => (a.Y, a.X).CompareTo((b.Y, b.X)));
        return placed;
    }

    private static float Away(SmallDefect defect, int x, int y)
    {
        float dx = defect.X + (defect.Width / 2f) - x, dy = defect.Y + (defect.Height / 2f) - y;
        return MathF.Sqrt((dx * dx) + (dy * dy)) - (defect.Size / 2f);
    }
}
