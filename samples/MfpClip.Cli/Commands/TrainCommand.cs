using System.CommandLine;
using System.Globalization;
using MfpClip.Diagnostics;
using MfpClip.Training;
using Spectre.Console;

namespace MfpClip.Cli.Commands;

/// <summary><c>mfpclip train</c>: trains a method's modules on auxiliary data.</summary>
internal static class TrainCommand
{
    public static Command Create(Option<bool> json)
    {
        var output = new Option<string>("--out")
        {
            Description = "Folder for modules, checkpoint, curves and manifest.", DefaultValueFactory = _ => "mfpclip-training",
        };
        var seed = new Option<long>("--seed") { Description = "Seed of initialization, order and rendered images." };
        var resume = new Option<bool>("--resume") { Description = "Go on from the folder's checkpoint." };
        var train = new Option<string[]?>("--train-modules")
        {
            Description = "Only these modules (i2tp, sp, mpfa, mp ...).", AllowMultipleArgumentsPerToken = true,
        };
        var scratch = new Option<bool>("--from-scratch")
        {
            Description = "Seeded initialization of every module, where the default model would bring trained ones.",
        };
        var every = new Option<int?>("--checkpoint-every") { Description = "A checkpoint after so many steps too." };
        var most = new Option<long?>("--max-steps") { Description = "Stop, resumably, after so many steps." };
        var recompute = new Option<int>("--recompute")
        {
            Description = "Blocks of the vision tower that are recomputed on the backward pass instead of kept; 0 keeps all: faster, more memory.",
            DefaultValueFactory = _ => 1,
        };
        var features = new Option<string?>("--feature-cache") { Description = "Folder that keeps features of the frozen networks." };
        var featureBytes = new Option<double>("--feature-cache-gb") { Description = "Its size at most, in GB.", DefaultValueFactory = _ => 20 };
        var imageBytes = new Option<double>("--image-cache-gb") { Description = "Memory for decoded images, in GB.", DefaultValueFactory = _ => 2 };
        var workers = new Option<int?>("--workers") { Description = "Threads that decode ahead." };
        var (choice, data, recipe) = (new DetectorChoice(), new TrainingDataChoice(), new RecipeChoice());
        var command = new Command("train", "Trains the modules on auxiliary data; resumable, with loss curves and TensorBoard files.")
        {
            output, seed, resume, train, scratch, every, most, recompute, features, featureBytes, imageBytes, workers,
        };
        choice.AddTo(command, defaultModel: true);
        command.Never(choice.Calibration, "scores are calibrated after the training, with 'mfpclip calibrate --modules'.");
        command.Needs(features, featureBytes);
        data.AddTo(command);
        recipe.AddTo(command);
        Failure.Run(command, json, (parsed, cancellationToken) =>
        {
            long start = parsed.GetValue(seed);
            var set = data.Open(parsed, start, parsed.GetValue(json), cancellationToken);
            if (parsed.GetValue(scratch) && choice.Modules(parsed) is not null)
            {
                throw new ArgumentException("--from-scratch and --modules exclude each other.");
            }

            if (parsed.GetValue(scratch) && !choice.BringsModules(parsed))
            {
                throw new ArgumentException("--from-scratch has no effect: this composition brings no trained modules. Leave it out.");
            }

            var builder = choice.Builder(parsed, start);
            using var detector = (parsed.GetValue(scratch) ? builder.WithoutModuleWeights() : builder).Build();
            var options = new TrainerOptions
            {
                OutputFolder = parsed.GetValue(output)!,
                Recipe = recipe.Apply(parsed, detector.GetTrainable().Recipe, start),
                Resume = parsed.GetValue(resume),
                Modules = parsed.GetValue(train) is { Length: > 0 } modules ? modules : null,
                CheckpointEverySteps = parsed.GetValue(every),
                MaximumSteps = parsed.GetValue(most),
                RecomputedBlocks = parsed.GetValue(recompute),
                FeatureCacheFolder = parsed.GetValue(features),
                FeatureCacheBytes = Bytes(parsed.GetValue(featureBytes)),
                ImageCacheBytes = Bytes(parsed.GetValue(imageBytes)),
            };
            options = parsed.GetValue(workers) is { } threads ? options with { Workers = threads } : options;
            var trainer = new Trainer(detector, set, options);
            bool asJson = parsed.GetValue(json);
            var result = WithProgress(trainer, cancellationToken);
            TrainingDataChoice.PrintMasks(set);
            Print(asJson, result, choice.Notice(parsed));
            return Task.FromResult(0);
        });
        return command;
    }

    private static TrainingResult WithProgress(Trainer trainer, CancellationToken cancellationToken) => ProgressBars.Run<TrainingProgress, TrainingResult>(
        "training",
        progress => trainer.Run(progress, cancellationToken),
        p =>
        {
            double steps = ((double)p.Epoch * p.StepsPerEpoch) + p.Step;
            return new(steps, (double)p.Epochs * p.StepsPerEpoch, string.Create(CultureInfo.InvariantCulture,
                $"epoch {p.Epoch + 1}/{p.Epochs} loss {p.MeanLoss:0.####} {p.SecondsPerStep:0.###} s/step"), steps * p.BatchSize);
        });

    private static void Print(bool json, TrainingResult result, string? notice)
    {
        var memory = PeakMemory.OfProcess();
        if (json)
        {
            CliJson.Print(new
            {
                modules = result.ModulesPath, checkpoint = result.CheckpointPath, complete = result.IsComplete, result.Steps, result.Epochs, result.FrozenHash,
                result.TrainedHash, seconds = result.Elapsed.TotalSeconds, peak_memory_bytes = memory,
                notice = notice == DetectorChoice.RandomNotice ? notice : null,
            });
            return;
        }

        var table = new Table().AddColumns("epoch", "loss", "learning rate", "seconds");
        foreach (var e in result.Epochs.TakeLast(10))
        {
            table.AddRow($"{e.Epoch + 1}", Number(e.Loss), Number(e.LearningRate), Number(e.Seconds));
        }

        AnsiConsole.Write(table);
        Console.WriteLine(result.IsComplete ? $"Trained modules: {result.ModulesPath} (use them with --modules)"
            : $"Stopped after {result.Steps} steps; go on with --resume. Modules so far: {result.ModulesPath}");
        Console.WriteLine($"Frozen weights unchanged (sha256 {result.FrozenHash[..12]}), {Number(result.Elapsed.TotalSeconds)} "
            + $"s{(memory is { } peak ? $", peak memory {Number(peak / 1e9)} GB" : string.Empty)}");
        if (notice == DetectorChoice.RandomNotice)
        {
            Console.WriteLine($"NOTE: {notice}");
        }
    }

    private static long Bytes(double gigabytes) => (long)(gigabytes * (1L << 30));

    private static string Number(double v) => v.ToString("0.####", CultureInfo.InvariantCulture);
}
