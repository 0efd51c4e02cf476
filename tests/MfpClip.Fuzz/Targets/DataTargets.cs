using MfpClip.Data;
using MfpClip.Data.Masks;
using MfpClip.Fuzz.Mutation;
using MfpClip.Imaging;
using MfpClip.Tiff;

namespace MfpClip.Fuzz.Targets;

/// <summary>Lists of data sets, and masks.</summary>
internal static class DataTargets
{
    private static readonly string[] Images =
        ["a.png", "b.png", "m.png", "data/a.png", "data/b.png", "cat/Data/Images/Normal/a.JPG", "cat/Data/Images/Anomaly/b.JPG"];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new() { Name = "table-csv", Changes = [TextMutation.Lines], Cost = 4, Prepare = OfFolder("images.csv") },
        new() { Name = "table-json", Changes = [TextMutation.Json], Cost = 4, Prepare = OfFolder("images.json") },
        new() { Name = "meta-json", Changes = [TextMutation.Json], Cost = 4, Prepare = OfFolder("meta.json") },
        new() { Name = "visa-csv", Changes = [TextMutation.Lines], Cost = 4, Prepare = OfFolder("split_csv/1cls.csv") },
        new()
        {
            Name = "mask", Changes = [ImageMutation.Png],
            Prepare = _ =>
            {
                var reader = new MaskReader(new TiffImageDecoder(), ImageTargets.Limits);
                return input =>
                {
                    try
                    {
                        reader.Read(input, "m.png");
                    }
                    catch (InvalidDataException e)
                    {
                        throw new ImageDecodeException("m.png", e.Message, e); // documented so: the caller makes a typed error of it
                    }
                };
            },
        },
    ];

    private static Func<string, Action<byte[]>> OfFolder(string list) => folder =>
    {
        byte[] png = CorpusFiles.Read("png")[0];
        foreach (string image in Images)
        {
            string path = Path.Combine(folder, image);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, png);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, list))!);
        return AllTargets.OfFile(list, _ => DataSetReader.Open(folder).CheckKeys())(folder);
    };
}
