using System.Diagnostics;
using System.Text.Json;
using MfpClip.Data;
using MfpClip.Data.Procedural;
using MfpClip.Output;

namespace MfpClip.Cli.Tests;

public sealed class SynthesizeCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_whose_first_run_was_killed_at_once_is_taken_and_a_strangers_file_is_left_alone()
    {
        string set = Directory.CreateDirectory(Path.Combine(_folder, "set")).FullName, left = Path.Combine(set, $"synthesize.json.{Guid.NewGuid():N}.tmp");
        string[] arguments = ["synthesize", "--out", set, "--categories", "pill", "--train", "1", "--good", "1", "--defective", "1", "--kinds", "Scratch",
            "--size", "64"];
        File.WriteAllText(left, "{");
        string own = Path.Combine(set, "notes.tmp");
        File.WriteAllText(own, "mine");

        Assert.Contains("no synthetic set", Run(arguments).Errors, StringComparison.Ordinal);
        Assert.Equal(["mine", "{"], new[] { own, left }.Select(File.ReadAllText));
        File.Delete(own);
        var (code, _, errors) = Run(arguments);
        Assert.True(code == 0, errors);
        Assert.False(File.Exists(left));

        File.WriteAllText(own, "mine");
        File.WriteAllText(left, "{");
        Assert.Equal(0, Run(arguments).Code);
        Assert.True(File.Exists(own));
        Assert.False(File.Exists(left));
    }

    [Fact]
    public void The_set_has_the_layout_of_MVTec_AD_and_a_second_run_writes_only_what_is_missing()
    {
        string set = Path.Combine(_folder, "set");
        string[] arguments = ["synthesize", "--out", set, "--categories", "pill", "metal nut", "--kinds", "Scratch", "ColorShift", "--train", "2", "--good",
            "1", "--defective", "2", "--size", "64", "--json"];
        var (code, output, errors) = Run(arguments);

        Assert.True(code == 0, errors);
        using (var json = JsonDocument.Parse(output))
        {
            Assert.Equal(14, json.RootElement.GetProperty("written").GetInt32());
            Assert.Equal(0, json.RootElement.GetProperty("kept").GetInt32());
        }

        string[] files = [.. Directory.GetFiles(set, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(set, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];
        Assert.Contains("metal_nut/train/good/001.png", files);
        Assert.Contains("metal_nut/test/good/000.png", files);
        Assert.Contains("pill/test/color_shift/001.png", files);
        Assert.Contains("pill/ground_truth/color_shift/001_mask.png", files);
        Assert.DoesNotContain(files, f => f.EndsWith(".tmp", StringComparison.Ordinal));

        // The mask is what the library says it is, the image too.
        var photo = MapFiles.ReadPhoto(ImageInput.FromFile(Path.Combine(set, "pill/train/good/000.png")));
        Assert.Equal(64, photo.Width);
        var mask = MapFiles.ReadPhoto(ImageInput.FromFile(Path.Combine(set, "pill/ground_truth/scratch/000_mask.png")));
        Assert.All(mask.Data, v => Assert.True(v is 0 or 255));
        Assert.Contains((byte)255, mask.Data);
        Assert.Contains((byte)0, mask.Data);
        Assert.Equal(0, File.ReadAllBytes(Path.Combine(set, "pill/ground_truth/scratch/000_mask.png"))[25]); // colour type of the header: one grey channel

        // Every image has its line, in order, with what is wrong.
        var lines = File.ReadAllLines(Path.Combine(set, "captions.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(14, lines.Count);
        Assert.All(lines, l => Assert.Equal(
            l.GetProperty("image").GetString()!.Contains("/good/", StringComparison.Ordinal), l.GetProperty("good").GetBoolean()));
        Assert.All(lines.Where(l => !l.GetProperty("good").GetBoolean()), l =>
            Assert.Contains(l.GetProperty("defects")[0].GetProperty("kind").GetString()!, l.GetProperty("image").GetString()!, StringComparison.Ordinal));

        // The project's own reader takes it for what it is.
        var read = DataSetReader.Open(set);
        Assert.Equal(DataSetLayout.MvTec, read.Layout);
        Assert.Equal(["metal nut", "pill"], read.Categories.Select(c => c.ClassName).Order(StringComparer.Ordinal));
        Assert.All(read.Categories, c => Assert.Equal((2, 5, 0), (c.TrainNormal.Count(), c.Test.Count(), c.WithoutMask.Count())));

        // Broken off: an image is gone, the journal ends within a line.
        byte[] lost = File.ReadAllBytes(Path.Combine(set, "pill/test/scratch/001.png"));
        File.Delete(Path.Combine(set, "pill/test/scratch/001.png"));
        string journal = File.ReadAllText(Path.Combine(set, "captions.jsonl"));
        File.WriteAllText(Path.Combine(set, "captions.jsonl"), journal[..^20]);
        (code, output, errors) = Run(arguments);
        Assert.True(code == 0, errors);
        using (var json = JsonDocument.Parse(output))
        {
            Assert.Equal(2, json.RootElement.GetProperty("written").GetInt32());
            Assert.Equal(12, json.RootElement.GetProperty("kept").GetInt32());
        }

        Assert.Equal(lost, File.ReadAllBytes(Path.Combine(set, "pill/test/scratch/001.png")));
        Assert.Equal(journal, File.ReadAllText(Path.Combine(set, "captions.jsonl")));

        (code, _, errors) = Run([.. arguments, "--seed", "9"]);
        Assert.Equal(1, code);
        Assert.Contains("other options", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_run_goes_on_to_the_same_files()
    {
        string whole = Path.Combine(_folder, "whole"), killed = Path.Combine(_folder, "killed");
        string[] Arguments(string folder) => ["synthesize", "--out", folder, "--categories", "gear", "--kinds", "Hole", "Dent", "--train", "60", "--good", "5",
            "--defective", "20", "--size", "128", "--jobs", "1", "--json"];
        using (var process = Start(Arguments(killed)))
        {
            // Some images are there, not all.
            string journal = Path.Combine(killed, "captions.jsonl");
            while (!process.HasExited && (!File.Exists(journal) || new FileInfo(journal).Length < 2000))
            {
                Thread.Sleep(5);
            }

            process.Kill();
            process.WaitForExit();
        }

        int left = Directory.GetFiles(killed, "*.png", SearchOption.AllDirectories).Length;
        Assert.InRange(left, 1, 144);
        var (code, output, errors) = Run(Arguments(killed));
        Assert.True(code == 0, errors);
        using (var json = JsonDocument.Parse(output))
        {
            Assert.InRange(json.RootElement.GetProperty("kept").GetInt32(), 1, 104);
        }

        Assert.Equal(0, Run(Arguments(whole)).Code);
        string[] files = [.. Directory.GetFiles(whole, "*.*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(whole, f))
            .Order(StringComparer.Ordinal)];
        Assert.Equal(105 + 40 + 2, files.Length);
        Assert.Empty(Directory.GetFiles(killed, "*.tmp", SearchOption.AllDirectories));
        Assert.All(files, f => Assert.Equal(File.ReadAllBytes(Path.Combine(whole, f)), File.ReadAllBytes(Path.Combine(killed, f))));
    }

    [Fact]
    public void Defects_come_onto_photos_of_ones_own()
    {
        string photos = Path.Combine(_folder, "photos"), set = Path.Combine(_folder, "own");
        Directory.CreateDirectory(photos);
        for (int k = 0; k < 3; k++)
        {
            MapFiles.WritePng(Path.Combine(photos, $"{k}.png"), ProceduralDataSet.Render("gear", k, size: 72).Image);
        }

        var (code, output, errors) = Run("synthesize", "--from", photos, "--class", "gear", "--out", set, "--kinds", "Stain", "--defective", "2", "--json");

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(5, json.RootElement.GetProperty("images").GetInt32());
        var good = MapFiles.ReadPhoto(ImageInput.FromFile(Path.Combine(set, "gear/test/good/000.png")));
        var bad = MapFiles.ReadPhoto(ImageInput.FromFile(Path.Combine(set, "gear/test/stain/000.png")));
        var mask = MapFiles.ReadPhoto(ImageInput.FromFile(Path.Combine(set, "gear/ground_truth/stain/000_mask.png")));
        Assert.NotEqual(good.Data, bad.Data);
        Assert.All(Enumerable.Range(0, good.Data.Length).Where(i => mask.Data[i] == 0), i => Assert.Equal(good.Data[i], bad.Data[i]));
    }

    [Fact]
    public void The_contact_sheet_shows_every_category()
    {
        string sheet = Path.Combine(_folder, "sheet.png");
        var (code, _, errors) = Run("synthesize", "--sheet", sheet);

        Assert.True(code == 0, errors);
        var image = MapFiles.ReadPhoto(ImageInput.FromFile(sheet));
        Assert.True(image.Width * image.Height >= ProceduralDataSet.Categories.Count * 2 * 84 * 84);
        Assert.True(new FileInfo(sheet).Length < 1_000_000);
    }

    [Theory]
    [InlineData(2, "there is no category 'unicorn'", "--categories", "unicorn")]
    [InlineData(2, "--size must be", "--size", "7")]
    [InlineData(2, "must not be negative", "--train", "-1")]
    [InlineData(1, "there is no such file or folder", "--from", "/nowhere")]
    public void Wrong_options_are_one_line(int exit, string expected, params string[] arguments)
    {
        var (code, _, errors) = Run(["synthesize", "--out", Path.Combine(_folder, "none"), .. arguments]);

        Assert.Equal(exit, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'), l => l.StartsWith("error: ", StringComparison.Ordinal));
        Assert.False(Directory.Exists(Path.Combine(_folder, "none")));
    }

    [Fact]
    public void A_folder_of_other_things_is_left_alone()
    {
        File.WriteAllText(Path.Combine(_folder, "mine.txt"), "mine");
        var (code, _, errors) = Run("synthesize", "--out", _folder, "--categories", "pill");

        Assert.Equal(1, code);
        Assert.Contains("no synthetic set", errors, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    private static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MfpClip.Cli.dll"), .. arguments])
    {
        RedirectStandardOutput = true, RedirectStandardError = true,
    })!;
}
