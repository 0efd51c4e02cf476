using System.CommandLine;
using MfpClip.Objectives;

namespace MfpClip.Cli;

/// <summary>Every number of a training as an option; what is not given stays as the method's paper has it.</summary>
internal sealed class RecipeChoice
{
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Passes over the data. Default: the paper's (MFP-CLIP: 100)." };
    private readonly Option<int?> _batch = new("--batch-size") { Description = "Images of one step. Default: the paper's (MFP-CLIP: 1)." };
    private readonly Option<double?> _rate = new("--learning-rate")
    {
        Description = "Learning rate of the first epoch. Default: the paper's (MFP-CLIP: 1e-3).",
    };
    private readonly Option<LearningRateSchedule?> _schedule = new("--schedule")
    {
        Description = "How the learning rate falls. Default: the paper's (MFP-CLIP: InverseEpoch).",
    };
    private readonly Option<OptimizerKind?> _optimizer = new("--optimizer") { Description = "Adam or AdamW." };
    private readonly Option<double?> _decay = new("--weight-decay") { Description = "Weight decay." };
    private readonly Option<double[]?> _betas = new("--betas")
    {
        Description = "Decay of both moments.", Arity = new(2, 2), AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<double?> _mosaic = new("--mosaic") { Description = "Probability of a 2 x 2 mosaic." };
    private readonly Option<double?> _clip = new("--clip-gradients") { Description = "Largest total norm of the gradients." };
    private readonly Option<double?> _average = new("--average")
    {
        Description = "Decay of a moving average of the weights that takes their place at the end.",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _epochs, _batch, _rate, _schedule, _optimizer, _decay, _betas, _mosaic, _clip, _average })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The paper's recipe with what was given.</summary>
    public TrainingRecipe Apply(ParseResult parsed, TrainingRecipe paper, long seed)
    {
        double[]? betas = parsed.GetValue(_betas) is { Length: 2 } given ? given : null;
        return paper with
        {
            Epochs = parsed.GetValue(_epochs) ?? paper.Epochs,
            BatchSize = parsed.GetValue(_batch) ?? paper.BatchSize,
            LearningRate = parsed.GetValue(_rate) ?? paper.LearningRate,
            Schedule = parsed.GetValue(_schedule) ?? paper.Schedule,
            Optimizer = parsed.GetValue(_optimizer) ?? paper.Optimizer,
            WeightDecay = parsed.GetValue(_decay) ?? paper.WeightDecay,
            Beta1 = betas?[0] ?? paper.Beta1,
            Beta2 = betas?[1] ?? paper.Beta2,
            MosaicProbability = parsed.GetValue(_mosaic) ?? paper.MosaicProbability,
            ClipGradientNorm = parsed.GetValue(_clip) ?? paper.ClipGradientNorm,
            AverageDecay = parsed.GetValue(_average) ?? paper.AverageDecay,
            Seed = seed,
        };
    }
}
