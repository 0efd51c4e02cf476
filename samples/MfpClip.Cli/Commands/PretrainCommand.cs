using System.CommandLine;
using System.Globalization;
using MfpClip.Backbones.Hybrid;
using MfpClip.Training.Pretraining;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip pretrain</c>: makes a small CLIP with its MFP-CLIP modules from procedural images.</summary>
internal static class PretrainCommand
{
    public static Command Create(Option<bool> json)
    {
        var output = new Option<string>("--out")
        {
            Description = "Folder for features, checkpoint, log and result; a second run goes on there.", DefaultValueFactory = _ => "mfpclip-pretraining",
        };
        var cnn = new Option<string>("--cnn") { Description = "EfficientNet-Lite0 (safetensors), see 'mfpclip models list'.", Required = true };
        var images = new Option<int>("--images") { Description = "Pictures to train on.", DefaultValueFactory = _ => 5000 };
        var heldOut = new Option<int>("--held-out") { Description = "Pictures of held-out categories to validate on.", DefaultValueFactory = _ => 400 };
        var size = new Option<int>("--image-size") { Description = "Side of the images in pixels, a multiple of 32.", DefaultValueFactory = _ => 320 };
        var epochs = new Option<int>("--epochs") { Description = "Passes over the images.", DefaultValueFactory = _ => 3 };
        var batch = new Option<int>("--batch") { Description = "Pictures of one step.", DefaultValueFactory = _ => 16 };
        var rate = new Option<double>("--learning-rate") { Description = "Peak of the one-cycle schedule.", DefaultValueFactory = _ => 1.5e-3 };
        var seed = new Option<long>("--seed") { Description = "Seed of initial weights, order and sentences." };
        var dataSeed = new Option<long>("--data-seed") { Description = "Seed of the rendered images." };
        var large = new Option<float>("--large-defects") { Description = "Fraction of defective images with large defects, 0 to 1." };
        var device = new Option<string>("--device") { Description = "cpu, cuda or cuda:N.", DefaultValueFactory = _ => "cpu" };
        var noFixed = new Option<bool>("--no-fixed-statistics") { Description = "Leave out features standardised by fixed statistics." };
        var noWithin = new Option<bool>("--no-within-image") { Description = "Leave out features standardised within the image." };
        var near = new Option<bool>("--nearest-patches") { Description = "Add the distance to the image's nearest own patches." };
        var noHalf = new Option<bool>("--no-half-size") { Description = "Leave out the features of the image at half size." };
        var command = new Command("pretrain", "Makes a small CLIP and its modules from rendered images with captions; resumable.")
        {
            output, cnn, images, heldOut, size, epochs, batch, rate, seed, dataSeed, large, device, noFixed, noWithin, near, noHalf,
        };
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            var options = new PretrainingOptions
            {
                Folder = parsed.GetValue(output)!, CnnPath = parsed.GetValue(cnn)!, Images = parsed.GetValue(images),
                ValidationImages = parsed.GetValue(heldOut),
                Epochs = parsed.GetValue(epochs), BatchSize = parsed.GetValue(batch), LearningRate = parsed.GetValue(rate), Seed = parsed.GetValue(seed),
                Device = parsed.GetValue(device)!,
                Model = new HybridConfig
                {
                    Vision = new()
                    {
                        ImageSize = parsed.GetValue(size), FixedStatistics = !parsed.GetValue(noFixed), WithinImage = !parsed.GetValue(noWithin),
                        NearestPatches = parsed.GetValue(near), HalfSize = !parsed.GetValue(noHalf),
                    },
                },
            };
            bool asJson = parsed.GetValue(json);
            var source = new ProceduralSource(options.Model.Vision.ImageSize, parsed.GetValue(dataSeed), parsed.GetValue(large));
            var result = ProgressBars.Run<PretrainingProgress, PretrainingResult>(
                "pretraining", progress => Pretrainer.Run(source, options, progress, cancellationToken), p => Read(p, options.BatchSize));
            if (asJson)
            {
                CliJson.Print(result);
            }
            else
            {
                Console.WriteLine($"CLIP model: {result.Backbone}\nmodules: {result.Modules}\n{Words(result.Score)}");
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static string Words(PretrainingScore s) => string.Create(
        CultureInfo.InvariantCulture,
        $"held-out categories: image AUROC {s.ImageAuroc:0.0} (map alone {s.ImageAurocOfMap:0.0}), pixel AUROC {s.PixelAuroc:0.0}");

    // Training counts steps, everything else images.
    private static ProgressState Read(PretrainingProgress p, int batch)
    {
        string what = p.Validation is { } score ? $" {Words(score)}" : p.Loss is { } loss ? string.Create(CultureInfo.InvariantCulture, $" loss {loss:0.0000}")
            : string.Empty;
        return new(p.Done, p.Total, p.Phase + what, p.Phase is "training" or "validation" ? p.Done * batch : p.Done);
    }
}
