using MfpClip.Data;

namespace MfpClip.Cli.Synthesis;

/// <summary>One image of the whole set: each category good and beside it defective, the defect outlined.</summary>
internal static class ContactSheet
{
    private const int Across = 7;
    private const int Cell = 84;
    private const int Gap = 2;

    public static RgbImage Draw(long seed)
    {
        var categories = ProceduralDataSet.Categories;
        int rows = (categories.Count + Across - 1) / Across, width = (Across * ((2 * Cell) + (3 * Gap))) + Gap, height = (rows * (Cell + (3 * Gap))) + Gap;
        var pixels = new byte[width * height * 3];
        Array.Fill(pixels, (byte)255);
        Parallel.For(0, categories.Count, k =>
        {
            int x = Gap + (k % Across * ((2 * Cell) + (3 * Gap))), y = Gap + (k / Across * (Cell + (3 * Gap)));
            var kinds = categories[k].Defects;
            var kind = kinds[(int)((seed + (k * 7)) % kinds.Count)];
            Place(pixels, width, x, y, ProceduralDataSet.RenderDefects(categories[k].Name, seed + k, [], 4 * Cell));
            Place(pixels, width, x + Cell, y, ProceduralDataSet.RenderDefects(categories[k].Name, seed + k, [kind], 4 * Cell));
        });
        return new(width, height, pixels);
    }

    // Shrunk four times; the outline is drawn one pixel wide. Colours keep five bits: grain would make the file large and says nothing at this size.
    private static void Place(byte[] pixels, int width, int left, int top, SyntheticImage picture)
    {
        const int Shrink = 4;
        int size = Cell * Shrink;
        bool Marked(int x, int y) => x >= 0 && y >= 0 && x < Cell && y < Cell && Enumerable.Range(0, Shrink * Shrink)
            .Any(k => picture.Mask[(((y * Shrink) + (k / Shrink)) * size) + (x * Shrink) + (k % Shrink)]);
        for (int y = 0; y < Cell; y++)
        {
            for (int x = 0; x < Cell; x++)
            {
                int at = (((top + y) * width) + left + x) * 3;
                for (int c = 0; c < 3; c++)
                {
                    int sum = 0;
                    for (int k = 0; k < Shrink * Shrink; k++)
                    {
                        sum += picture.Image.Data[(((((y * Shrink) + (k / Shrink)) * size) + (x * Shrink) + (k % Shrink)) * 3) + c];
                    }

                    pixels[at + c] = (byte)Math.Min(255, ((sum / (Shrink * Shrink)) + 4) / 8 * 8);
                }

                if (!Marked(x, y) && (Marked(x - 1, y) || Marked(x + 1, y) || Marked(x, y - 1) || Marked(x, y + 1)))
                {
                    (pixels[at], pixels[at + 1], pixels[at + 2]) = (255, 32, 32);
                }
            }
        }
    }
}
