using MfpClip.Imaging;

namespace MfpClip.Tests.Imaging;

/// <summary>Rotations whose result is known without the libraries that they follow.</summary>
public class ImageRotationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(360)]
    [InlineData(-360)]
    public void A_whole_turn_changes_nothing(double degrees)
    {
        var image = Numbered(5, 3);

        Assert.Equal(image.Data, ImageRotation.Mirrored(image, degrees).Data);
        Assert.Equal(image.Data, ImageRotation.Filled(image, degrees).Data);
    }

    [Fact]
    public void Half_a_turn_about_W_and_H_halves_is_off_by_a_pixel_and_mirrors_the_missing_line()
    {
        // x' = W - x, so that column 0 is column W, which is W - 2 mirrored about the edge; rows alike.
        var (image, turned) = (Numbered(4, 3), ImageRotation.Mirrored(Numbered(4, 3), 180));
        int[] columns = [2, 3, 2, 1], rows = [1, 2, 1];
        for (int y = 0; y < 3; y++)
        {
            for (int x = 0; x < 4; x++)
            {
                Assert.Equal(image.Data[((rows[y] * 4) + columns[x]) * 3], turned.Data[((y * 4) + x) * 3]);
            }
        }
    }

    [Fact]
    public void Right_angles_turn_counter_clockwise_to_the_pixel()
    {
        var (square, wide) = (Numbered(3, 3), Numbered(4, 2));

        Assert.Equal([2, 5, 8, 1, 4, 7, 0, 3, 6], First(ImageRotation.Filled(square, 90)));
        Assert.Equal([6, 3, 0, 7, 4, 1, 8, 5, 2], First(ImageRotation.Filled(square, -90)));
        Assert.Equal([7, 6, 5, 4, 3, 2, 1, 0], First(ImageRotation.Filled(wide, 180)));
        // The middle square of a wide image turns, the rest leaves it and black comes in.
        Assert.Equal([0, 2, 6, 0, 0, 1, 5, 0], First(ImageRotation.Filled(wide, 90)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(9, 1)]
    public void Images_of_one_line_can_be_turned(int width, int height)
    {
        var image = new RgbImage(width, height, [.. Enumerable.Repeat((byte)77, width * height * 3)]);

        Assert.All(ImageRotation.Mirrored(image, 33).Data, p => Assert.Equal(77, p));
        Assert.Equal(width, ImageRotation.Filled(image, 33).Width);
    }

    private static RgbImage Numbered(int width, int height) => new(width, height, [.. Enumerable.Range(0, width * height * 3).Select(i => (byte)(i / 3))]);

    private static int[] First(RgbImage image) => [.. Enumerable.Range(0, image.Width * image.Height).Select(i => (int)image.Data[i * 3])];
}
